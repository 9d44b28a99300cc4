// A look at protobuf bytes before they become messages, for bytes of strangers: protobuf itself skips fields it
// does not know and makes a message of several hundred bytes out of two.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/status.h"

namespace google::protobuf {
class Descriptor;
}

namespace engram {

// What one request may hold, in either encoding: a million values, or a hundred thousand messages.
inline constexpr size_t kElementBudget = 1'000'000;
inline constexpr size_t kMessageCost = 10;
inline constexpr size_t kValueCost = 1;

// InvalidArgument when `bytes` are no well-formed message of `type`, hold a field that it does not have, nest
// deeper than JSON may, have a string that is not UTF-8, or spend more than kElementBudget. field() is the path of
// names, without places in lists.
Status CheckWire(std::string_view bytes, const google::protobuf::Descriptor* type);

}  // namespace engram
