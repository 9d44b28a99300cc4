// Stepping through UTF-8 one character at a time. Bytes that are not UTF-8 read as U+FFFD.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace engram {

constexpr char32_t kReplacementCharacter = 0xFFFD;

inline bool IsAscii(char byte) { return static_cast<unsigned char>(byte) < 0x80; }

// True when every byte is ASCII.
bool IsAscii(std::string_view text);

// The character that begins at `*at`, which moves behind it. A malformed piece reads as one U+FFFD.
// REQUIRES: *at < text.size().
char32_t DecodeUtf8(std::string_view text, size_t* at);

void AppendUtf8(char32_t character, std::string* out);

// `text` with every malformed piece replaced by U+FFFD.
std::string ValidUtf8(std::string_view text);

std::u32string DecodeAll(std::string_view text);

// The longest beginning of `text` of at most `bytes_max` bytes that ends at a character's border.
std::string_view CutUtf8(std::string_view text, size_t bytes_max);

}  // namespace engram
