// The components of a dense vector of the API, in whichever of its two forms it came.
#pragma once

#include <vector>

#include "engram/v1/value.pb.h"

namespace engram {

// Empty for a vector of another kind.
std::vector<float> DenseFloats(const v1::Vector& vector);

}  // namespace engram
