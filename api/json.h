// The one JSON form of every message of the API. The rules stand at the top of engram/v1/value.proto.
// Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/status.h"

namespace google::protobuf {
class Message;
}

namespace engram {

// Arrays and objects within each other, in a request or a value.
inline constexpr int kJsonDepthMax = 64;

// Reads `json` (RFC 8259, UTF-8) into `message`, which is cleared first. Everything is checked: syntax to the
// last byte, UTF-8, surrogates, number ranges, depth, unknown fields and duplicate keys. InvalidArgument
// with a field() such as "memories[3].vector[17]"; for broken syntax the message tells the byte offset. After
// an error the message holds anything.
//
// JSON null means that the field is absent, except as (part of) a Value, and in a MemoryPatch, where the path
// is noted in `clear`.
Status ParseJson(std::string_view json, google::protobuf::Message* message);

// Compact JSON with the fields in their proto order and map keys ascending, so that equal messages give equal
// text. Doubles and floats are the shortest text that reads back as the same number; a double always has a
// point or an exponent. A number that JSON can't write (infinite, NaN) becomes null.
std::string PrintJson(const google::protobuf::Message& message);
void AppendJson(const google::protobuf::Message& message, std::string* out);

}  // namespace engram
