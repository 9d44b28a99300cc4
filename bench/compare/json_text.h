// Pieces of JSON that requests are made of.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace engram::compare {

// With quotes.
std::string Quoted(std::string_view text);
// [0.5,…], each in the shortest form that reads back the same.
void AppendFloats(std::span<const float> floats, std::string* out);

}  // namespace engram::compare
