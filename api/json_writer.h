// Pieces of JSON text. Private to api/; the promise is api/json.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engram/v1/value.pb.h"

namespace engram {

// With quotes. Escapes what RFC 8259 demands; UTF-8 stays as it is, and bytes that are none become U+FFFD.
void AppendJsonString(std::string_view text, std::string* out);
void AppendJsonInteger(int64_t number, std::string* out);
void AppendJsonInteger(uint64_t number, std::string* out);
// Shortest form that reads back the same, always with a point or an exponent; null when not finite.
void AppendJsonDouble(double number, std::string* out);
// Shortest form, "1" for 1: inside a vector nobody asks for the kind of a number.
void AppendJsonFloat(float number, std::string* out);

void AppendJsonValue(const v1::Value& value, std::string* out);
void AppendJsonVector(const v1::Vector& vector, std::string* out);

}  // namespace engram
