#include <array>
#include <charconv>
#include <cmath>

#include <simdjson.h>

#include "api/json_writer.h"

namespace engram {
namespace {

// The letter after the backslash; 'u' for \u00XX, 0 for bytes that stand for themselves.
constexpr std::array<char, 256> Escapes() {
  std::array<char, 256> escapes{};
  for (size_t c = 0; c < 0x20; ++c) escapes[c] = 'u';
  escapes['\b'] = 'b';
  escapes['\f'] = 'f';
  escapes['\n'] = 'n';
  escapes['\r'] = 'r';
  escapes['\t'] = 't';
  escapes['"'] = '"';
  escapes['\\'] = '\\';
  return escapes;
}
constexpr std::array<char, 256> kEscapes = Escapes();

void AppendEscaped(std::string_view text, std::string* out) {
  size_t plain_from = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const char escape = kEscapes[byte];
    if (escape == 0) continue;
    out->append(text, plain_from, i - plain_from);
    plain_from = i + 1;
    out->push_back('\\');
    out->push_back(escape);
    if (escape != 'u') continue;
    constexpr std::string_view kHex = "0123456789abcdef";
    out->append("00");
    out->push_back(kHex[byte >> 4]);
    out->push_back(kHex[byte & 15]);
  }
  out->append(text, plain_from);
}

// proto3 refuses such strings when it reads, so only a string we made ourselves can need this.
std::string Repaired(std::string_view text) {
  std::string valid;
  while (!text.empty()) {
    size_t length = 0;
    for (size_t n = 1; n <= 4 && n <= text.size() && length == 0; ++n) {
      if (simdjson::validate_utf8(text.data(), n)) length = n;
    }
    valid.append(length == 0 ? "\xEF\xBF\xBD" : text.substr(0, length));
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return valid;
}

template <class Number>
void AppendNumber(Number number, std::string* out) {
  std::array<char, 40> buffer;
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  out->append(buffer.data(), end.ptr);
}

}  // namespace

void AppendJsonString(std::string_view text, std::string* out) {
  out->push_back('"');
  if (simdjson::validate_utf8(text.data(), text.size())) {
    AppendEscaped(text, out);
  } else {
    AppendEscaped(Repaired(text), out);
  }
  out->push_back('"');
}

void AppendJsonInteger(int64_t number, std::string* out) { AppendNumber(number, out); }
void AppendJsonInteger(uint64_t number, std::string* out) { AppendNumber(number, out); }

void AppendJsonDouble(double number, std::string* out) {
  if (!std::isfinite(number)) {
    out->append("null");
    return;
  }
  const size_t start = out->size();
  AppendNumber(number, out);
  if (out->find_first_of(".e", start) == std::string::npos) out->append(".0");
}

void AppendJsonFloat(float number, std::string* out) {
  if (!std::isfinite(number)) {
    out->append("null");
  } else if (number == 0 && std::signbit(number)) {
    out->append("-0.0");  // "-0" is an integer, and integers have no sign of zero
  } else {
    AppendNumber(number, out);
  }
}

}  // namespace engram
