// How a collection's ids are divided into ranges of about as many points each, for scans side by side: Qdrant has no
// call for that which older servers know, but a scroll from any id on gives the first point there.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/status.h"

namespace engram {

// The id of the first point that is not before `id` in Qdrant's order; "" asks for the first of all. "" when there is
// none.
using FirstIdFrom = std::function<Result<std::string>(const std::string& id)>;

// Where ranges begin, ascending, the first with "": integers between the lowest and about the highest there are and
// UUIDs between the first halves of theirs (so that those which begin with a time are divided, too) evenly, `parts` of
// each kind at most. Points that come later belong to the range that they fall into. Asks at most 60 times.
Result<std::vector<std::string>> DivideIds(const FirstIdFrom& first_from, uint32_t parts);

}  // namespace engram
