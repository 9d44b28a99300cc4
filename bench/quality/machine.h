// Where figures were measured, in one line: CPU, kernels, compiler, versions. No time and no host name.
#pragma once

#include <string>

namespace engram::quality {

std::string DescribeMachine();

}  // namespace engram::quality
