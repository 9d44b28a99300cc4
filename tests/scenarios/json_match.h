// Whether a reply holds what is expected of it: objects may hold more, arrays may not, numbers agree to 1e-6.
// Strings that begin with a dollar stand for more than one value:
//   "$any" anything that is there    "$absent" nothing         "$string", "$number" of that kind
//   "$position" a position token     "$contains:text"          "$capture:name" any string or number, kept
#pragma once

#include <string>
#include <vector>

#include "base/value.h"
#include "tests/scenarios/scenario.h"

namespace engram {

// The differences, each "path: what"; empty when all is as expected.
std::vector<std::string> Differences(const Value& expected, const Value& got, Captures* captures);

// Any JSON text as a value.
Result<Value> ParseJsonValue(const std::string& json);

}  // namespace engram
