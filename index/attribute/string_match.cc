#include "index/attribute/string_match.h"

#include <unicode/uchar.h>
#include <unicode/utf8.h>

namespace engram {
namespace {

bool IsAscii(std::string_view text) {
  unsigned char all = 0;
  for (const char c : text) all |= static_cast<unsigned char>(c);
  return all < 0x80;
}

std::string FoldAscii(std::string_view text) {
  std::string folded(text);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return folded;
}

void AppendUtf8(UChar32 code_point, std::string* out) {
  char bytes[U8_MAX_LENGTH];
  int32_t length = 0;
  U8_APPEND_UNSAFE(bytes, length, code_point);
  out->append(bytes, static_cast<size_t>(length));
}

}  // namespace

std::string FoldCase(std::string_view text) {
  if (IsAscii(text)) return FoldAscii(text);
  std::string folded;
  folded.reserve(text.size());
  const auto length = static_cast<int32_t>(text.size());
  for (int32_t i = 0; i < length;) {
    const int32_t start = i;
    UChar32 code_point;
    U8_NEXT(text.data(), i, length, code_point);
    if (code_point < 0) {
      folded.append(text.substr(static_cast<size_t>(start), static_cast<size_t>(i - start)));
    } else {
      AppendUtf8(u_foldCase(code_point, U_FOLD_CASE_DEFAULT), &folded);
    }
  }
  return folded;
}

uint64_t CodePoints(std::string_view text) {
  uint64_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

}  // namespace engram
