#include "bench/compare/json_text.h"

#include <charconv>

#include "api/json_writer.h"

namespace engram::compare {

std::string Quoted(std::string_view text) {
  std::string quoted;
  AppendJsonString(text, &quoted);
  return quoted;
}

void AppendFloats(std::span<const float> floats, std::string* out) {
  char number[32];
  *out += '[';
  for (size_t i = 0; i < floats.size(); ++i) {
    if (i > 0) *out += ',';
    out->append(number, std::to_chars(number, number + sizeof number, floats[i]).ptr);
  }
  *out += ']';
}

}  // namespace engram::compare
