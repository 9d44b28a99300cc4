// Word boundaries of Unicode Standard Annex #29 (https://unicode.org/reports/tr29/), rules WB1 to WB999,
// over ICU's Word_Break property. No dictionary: scripts without spaces fall apart into characters here
// and are put together by the analyzer. Stateless and thread-safe.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace engram {

enum class WordRules : uint8_t {
  kUax29,        // the annex to the letter
  kColonBreaks,  // a colon ends a word ("topic:tea" is two), as CLDR's root locale has it
};

// The first boundary after `begin`. REQUIRES: begin < text.size() and `begin` is itself a boundary.
size_t NextWordBoundary(std::string_view text, size_t begin, WordRules rules);

// The same without the shortcut for ASCII, so that a test can compare the two.
size_t NextWordBoundaryByRules(std::string_view text, size_t begin, WordRules rules);

// Every boundary of `text`, its two ends included. Empty for an empty text.
std::vector<uint32_t> WordBoundaries(std::string_view text, WordRules rules = WordRules::kUax29);

}  // namespace engram
