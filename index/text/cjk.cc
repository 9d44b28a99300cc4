#include "index/text/cjk.h"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include "index/text/utf8.h"

namespace engram {
namespace {

bool Attaches(char32_t c) {
  const int word_break = u_getIntPropertyValue(static_cast<UChar32>(c), UCHAR_WORD_BREAK);
  return word_break == U_WB_EXTEND || word_break == U_WB_FORMAT || word_break == U_WB_ZWJ;
}

bool IsLetterOrNumber(char32_t c) {
  return (U_GET_GC_MASK(static_cast<UChar32>(c)) & (U_GC_L_MASK | U_GC_N_MASK)) != 0;
}

}  // namespace

bool IsCjk(char32_t c) {
  if (c < 0x2E80) return false;
  UErrorCode error = U_ZERO_ERROR;
  switch (uscript_getScript(static_cast<UChar32>(c), &error)) {
    case USCRIPT_HAN:
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA: return IsLetterOrNumber(c);
    default: return u_getIntPropertyValue(static_cast<UChar32>(c), UCHAR_WORD_BREAK) == U_WB_KATAKANA;
  }
}

size_t CjkRun(std::string_view text, size_t begin, std::vector<CjkCharacter>* run) {
  run->clear();
  size_t at = begin;
  while (at < text.size()) {
    size_t behind = at;
    const char32_t c = DecodeUtf8(text, &behind);
    if (IsCjk(c)) {
      run->push_back({static_cast<uint32_t>(at), static_cast<uint32_t>(behind)});
    } else if (!run->empty() && c >= 0x80 && Attaches(c)) {
      run->back().end = static_cast<uint32_t>(behind);
    } else {
      break;
    }
    at = behind;
  }
  return at;
}

}  // namespace engram
