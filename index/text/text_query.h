// What a user typed, as clauses: plain words, "a phrase", +must, -not, prefix*, fuzzy~.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "index/text/analyzer.h"

namespace engram {

enum class TextMode : uint8_t {
  kAny,    // operators are read; plain words are optional
  kAll,    // operators are read; every word and phrase is required
  kPlain,  // no operators: every character is text, words are optional
};

struct TextClause {
  enum class Kind : uint8_t { kTerm, kPhrase, kPrefix, kFuzzy };
  enum class Occur : uint8_t { kShould, kMust, kNot };

  Kind kind = Kind::kTerm;
  Occur occur = Occur::kShould;
  // kTerm, kPrefix, kFuzzy: one entry. kPhrase: its terms in order.
  std::vector<std::string> terms{};
  // kPhrase: each term's position relative to the first (stop words leave gaps).
  std::vector<uint32_t> offsets{};
  // kFuzzy: how many edits away a word may be.
  uint32_t distance = 0;
  // How often the clause was written: a repeated word counts as often as it occurs.
  uint32_t times = 1;
};

struct TextQuery {
  // In the order written (the order scores are summed in).
  std::vector<TextClause> clauses;

  bool empty() const { return clauses.empty(); }
  // Whether it demands or forbids anything, so that it also filters the other legs.
  bool restricts() const;
};

constexpr size_t kTextQueryWordsMax = 1024;

// Never fails on odd syntax; InvalidArgument with more than kTextQueryWordsMax words in different clauses: each word
// of a phrase counts, a clause that was written before does not. A word
// that the analyzer drops or that folds to nothing gives no clause; a word it splits (an email address,
// a CJK run) becomes a phrase where it carries an operator and plain terms otherwise.
//
// Words are cut at white space. + and - count at the beginning of a word or a quote, where a letter
// follows: a sign before a digit belongs to the number ("-5 degrees" forbids nothing; -"5" does). A quote
// that never closes is text. One * or ~ at the end of a word is an operator; ~0, ~1 and ~2 say how many
// edits, a bare ~ means DefaultFuzzyDistance. Typographic quotes count as quotes.
Result<TextQuery> ParseTextQuery(std::string_view text, TextMode mode, const Analyzer& analyzer);

}  // namespace engram
