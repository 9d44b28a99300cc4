#include "index/text/utf8.h"

#include <cstring>

#include <unicode/utf8.h>

namespace engram {

bool IsAscii(std::string_view text) {
  size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof(word));
    if (word & 0x8080808080808080u) return false;
  }
  for (; at < text.size(); ++at) {
    if (!IsAscii(text[at])) return false;
  }
  return true;
}

char32_t DecodeUtf8(std::string_view text, size_t* at) {
  const auto* bytes = reinterpret_cast<const uint8_t*>(text.data());
  const auto size = static_cast<int64_t>(text.size());
  auto i = static_cast<int64_t>(*at);
  UChar32 character;
  U8_NEXT_OR_FFFD(bytes, i, size, character);
  *at = static_cast<size_t>(i);
  return static_cast<char32_t>(character);
}

void AppendUtf8(char32_t character, std::string* out) {
  uint8_t bytes[U8_MAX_LENGTH];
  int32_t size = 0;
  U8_APPEND_UNSAFE(bytes, size, static_cast<UChar32>(character));
  out->append(reinterpret_cast<const char*>(bytes), static_cast<size_t>(size));
}

std::string ValidUtf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) AppendUtf8(DecodeUtf8(text, &at), &out);
  return out;
}

std::u32string DecodeAll(std::string_view text) {
  std::u32string out;
  out.reserve(text.size());
  for (size_t at = 0; at < text.size();) out.push_back(DecodeUtf8(text, &at));
  return out;
}

std::string_view CutUtf8(std::string_view text, size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end);
}

}  // namespace engram
