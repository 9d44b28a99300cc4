#include "index/text/segmenter.h"

#include <array>

#include <unicode/uchar.h>

#include "index/text/utf8.h"

namespace engram {
namespace {

int BreakClass(char32_t c, WordRules rules) {
  if (c == U':' && rules == WordRules::kColonBreaks) return U_WB_OTHER;
  return u_getIntPropertyValue(static_cast<UChar32>(c), UCHAR_WORD_BREAK);
}

bool IsNewline(int c) { return c == U_WB_CR || c == U_WB_LF || c == U_WB_NEWLINE; }
bool IsIgnored(int c) { return c == U_WB_EXTEND || c == U_WB_FORMAT || c == U_WB_ZWJ; }
bool IsLetter(int c) { return c == U_WB_ALETTER || c == U_WB_HEBREW_LETTER; }
bool IsMidNumLetQ(int c) { return c == U_WB_MIDNUMLET || c == U_WB_SINGLE_QUOTE; }

// WB5, WB8 to WB10, WB13 to WB13b: pairs that stay together whatever follows.
bool StaysWith(int before, int after) {
  const bool word_before = IsLetter(before) || before == U_WB_NUMERIC;
  const bool word_after = IsLetter(after) || after == U_WB_NUMERIC;
  if (word_before && word_after) return true;
  if (before == U_WB_KATAKANA && after == U_WB_KATAKANA) return true;
  if (after == U_WB_EXTENDNUMLET) return word_before || before == U_WB_KATAKANA || before == U_WB_EXTENDNUMLET;
  if (before == U_WB_EXTENDNUMLET) return word_after || after == U_WB_KATAKANA;
  return before == U_WB_HEBREW_LETTER && after == U_WB_SINGLE_QUOTE;  // WB7a
}

// WB6/7, WB7b/c, WB11/12: `middle` holds `before` and `after` together.
bool Bridges(int before, int middle, int after) {
  if (IsLetter(before) && IsLetter(after) && (middle == U_WB_MIDLETTER || IsMidNumLetQ(middle))) return true;
  if (before == U_WB_HEBREW_LETTER && middle == U_WB_DOUBLE_QUOTE && after == U_WB_HEBREW_LETTER) return true;
  return before == U_WB_NUMERIC && after == U_WB_NUMERIC && (middle == U_WB_MIDNUM || IsMidNumLetQ(middle));
}

// The class of the first character from `*at` on that WB4 does not skip; `*at` moves behind it.
int NextVisibleClass(std::string_view text, WordRules rules, size_t* at) {
  while (*at < text.size()) {
    const int c = BreakClass(DecodeUtf8(text, at), rules);
    if (!IsIgnored(c)) return c;
  }
  return U_WB_OTHER;
}

// The ASCII part of the property as a table.
enum Ascii : uint8_t { kOther, kAlpha, kDigit, kUnderscore, kMidLetter, kMidNum, kMidBoth, kBeyond };

constexpr std::array<uint8_t, 256> kAscii = [] {
  std::array<uint8_t, 256> table{};
  for (int c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = kAlpha;
  for (int c = '0'; c <= '9'; ++c) table[c] = kDigit;
  for (int c = 128; c < 256; ++c) table[c] = kBeyond;
  table['_'] = kUnderscore;
  table[':'] = kMidLetter;
  table[','] = table[';'] = kMidNum;
  table['.'] = table['\''] = kMidBoth;
  return table;
}();

uint8_t AsciiClass(char c) { return kAscii[static_cast<unsigned char>(c)]; }
bool InWord(uint8_t c) { return c >= kAlpha && c <= kUnderscore; }

bool AsciiBridges(uint8_t before, uint8_t middle, uint8_t after) {
  if (before == kAlpha && after == kAlpha) return middle == kMidLetter || middle == kMidBoth;
  return before == kDigit && after == kDigit && (middle == kMidNum || middle == kMidBoth);
}

// The end of the ASCII word at `begin`, or 0 when a byte beyond ASCII touches it and the rules must decide.
size_t AsciiWordEnd(std::string_view text, size_t begin, WordRules rules) {
  size_t at = begin;
  while (true) {
    while (at < text.size() && InWord(AsciiClass(text[at]))) ++at;
    if (at == text.size()) return at;
    const uint8_t middle = AsciiClass(text[at]);
    if (middle == kBeyond) return 0;
    if (middle == kOther || (middle == kMidLetter && rules == WordRules::kColonBreaks)) return at;
    if (at + 1 == text.size()) return at;
    const uint8_t after = AsciiClass(text[at + 1]);
    if (after == kBeyond) return 0;
    if (!AsciiBridges(AsciiClass(text[at - 1]), middle, after)) return at;
    ++at;
  }
}

}  // namespace

size_t NextWordBoundary(std::string_view text, size_t begin, WordRules rules) {
  if (InWord(AsciiClass(text[begin]))) {
    if (const size_t end = AsciiWordEnd(text, begin, rules)) return end;
  }
  return NextWordBoundaryByRules(text, begin, rules);
}

size_t NextWordBoundaryByRules(std::string_view text, size_t begin, WordRules rules) {
  size_t at = begin;
  int previous = BreakClass(DecodeUtf8(text, &at), rules);  // the last character WB4 does not skip
  if (previous == U_WB_CR && at < text.size() && text[at] == '\n') return at + 1;  // WB3
  if (IsNewline(previous)) return at;                                              // WB3a
  int adjacent = previous;                                                         // the last character at all
  bool open_flag = previous == U_WB_REGIONAL_INDICATOR;
  while (at < text.size()) {
    size_t behind = at;
    const char32_t character = DecodeUtf8(text, &behind);
    const int current = BreakClass(character, rules);
    if (IsNewline(current)) return at;  // WB3b
    if (IsIgnored(current)) {           // WB4
      adjacent = current;
      at = behind;
      continue;
    }
    const bool joined_emoji =  // WB3c
        adjacent == U_WB_ZWJ && u_hasBinaryProperty(static_cast<UChar32>(character), UCHAR_EXTENDED_PICTOGRAPHIC);
    const bool spaces = adjacent == U_WB_WSEGSPACE && current == U_WB_WSEGSPACE;  // WB3d
    const bool closes_flag = open_flag && current == U_WB_REGIONAL_INDICATOR;     // WB15, WB16
    if (joined_emoji || spaces || closes_flag || StaysWith(previous, current)) {
      open_flag = false;
      previous = adjacent = current;
      at = behind;
      continue;
    }
    size_t bridge_end = behind;
    const int after = NextVisibleClass(text, rules, &bridge_end);
    if (!Bridges(previous, current, after)) return at;  // WB999
    previous = adjacent = after;
    at = bridge_end;
  }
  return at;
}

std::vector<uint32_t> WordBoundaries(std::string_view text, WordRules rules) {
  std::vector<uint32_t> boundaries;
  if (text.empty()) return boundaries;
  boundaries.push_back(0);
  for (size_t at = 0; at < text.size();) {
    at = NextWordBoundary(text, at, rules);
    boundaries.push_back(static_cast<uint32_t>(at));
  }
  return boundaries;
}

}  // namespace engram
