// query  := item*, between white space
// item   := sign? ( quote text quote | word )
// word   := text ( '*' | '~' [012]? )?
// Whatever does not fit is text.
#include <optional>
#include <unordered_map>

#include <fmt/format.h>
#include <unicode/uchar.h>

#include "index/text/levenshtein.h"
#include "index/text/text_query.h"
#include "index/text/utf8.h"
#include "index/text/whitespace_analyzer.h"

namespace engram {
namespace {

using Kind = TextClause::Kind;
using Occur = TextClause::Occur;

// The bytes of the quotation mark at `at`, 0 when there is none.
size_t QuoteBytes(std::string_view text, size_t at) {
  if (at >= text.size()) return 0;
  if (text[at] == '"') return 1;
  size_t behind = at;
  const char32_t c = DecodeUtf8(text, &behind);
  return c == U'\u201C' || c == U'\u201D' || c == U'\u201E' ? behind - at : 0;
}

size_t FindQuote(std::string_view text, size_t from) {
  for (size_t at = from; at < text.size(); ++at) {
    if ((text[at] == '"' || text[at] == '\xE2') && QuoteBytes(text, at) > 0) return at;
  }
  return std::string_view::npos;
}

size_t WordEnd(std::string_view text, size_t begin) {
  size_t at = begin;
  while (at < text.size()) {
    size_t behind = at;
    if (IsWhiteSpace(DecodeUtf8(text, &behind))) break;
    at = behind;
  }
  return at;
}

bool IsLetterOrDigit(char32_t c) { return u_isalnum(static_cast<UChar32>(c)); }

bool HasLetterOrDigit(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (IsLetterOrDigit(DecodeUtf8(text, &at))) return true;
  }
  return false;
}

// A sign is an operator where a word or a quote follows it at once; before a number it is the number's.
bool IsOperatorSign(std::string_view item) {
  if (item.size() < 2 || (item[0] != '+' && item[0] != '-')) return false;
  if (item[1] == '+' || item[1] == '-') return false;
  for (size_t at = 1; at < item.size();) {
    if (QuoteBytes(item, at) > 0) return true;
    const char32_t c = DecodeUtf8(item, &at);
    if (IsWhiteSpace(c)) return false;
    if (IsLetterOrDigit(c)) return !u_isdigit(static_cast<UChar32>(c));
    if (c >= 0x80) return true;  // an emoji
  }
  return false;
}

struct WordOperator {
  Kind kind = Kind::kTerm;
  size_t bytes = 0;                  // at the word's end
  std::optional<uint32_t> distance;  // of ~
};

WordOperator ReadWordOperator(std::string_view word) {
  if (word.size() < 2) return {};
  const char last = word.back();
  if (last == '*') return {Kind::kPrefix, 1, {}};
  if (last == '~') return {Kind::kFuzzy, 1, {}};
  const bool numbered = last >= '0' && last <= '2' && word[word.size() - 2] == '~' && word.size() > 2;
  if (numbered) return {Kind::kFuzzy, 2, static_cast<uint32_t>(last - '0')};
  return {};
}

class Parser {
 public:
  Parser(TextMode mode, const Analyzer& analyzer)
      : analyzer_(analyzer), plain_occur_(mode == TextMode::kAll ? Occur::kMust : Occur::kShould) {}

  void ParseOperators(std::string_view text) {
    size_t at = 0;
    while (at < text.size() && !full()) {
      size_t behind = at;
      at = IsWhiteSpace(DecodeUtf8(text, &behind)) ? behind : ParseItem(text, at);
    }
  }

  void AddPlain(std::string_view text, Occur occur) {
    analyzer_.Analyze(text, &tokens_);
    for (size_t i = 0; i < tokens_.size() && !full(); ++i) Add({Kind::kTerm, occur, {tokens_[i].term}});
  }

  Occur plain_occur() const { return plain_occur_; }
  bool full() const { return words_ > kTextQueryWordsMax; }
  TextQuery Take() && { return std::move(query_); }

 private:
  // Returns where the item at `begin` ends.
  size_t ParseItem(std::string_view text, size_t begin) {
    const bool has_sign = IsOperatorSign(text.substr(begin));
    const Occur occur = !has_sign ? plain_occur_ : text[begin] == '+' ? Occur::kMust : Occur::kNot;
    const size_t start = begin + (has_sign ? 1 : 0);
    if (const size_t quote = QuoteBytes(text, start)) {
      const size_t close = FindQuote(text, start + quote);
      if (close != std::string_view::npos) {
        AddPhrase(text.substr(start + quote, close - start - quote), occur);
        return close + QuoteBytes(text, close);
      }
    }
    const size_t end = WordEnd(text, start);
    ParseWord(text.substr(start, end - start), occur, has_sign);
    return end;
  }

  void ParseWord(std::string_view word, Occur occur, bool has_sign) {
    const WordOperator word_operator = ReadWordOperator(word);
    if (word_operator.kind != Kind::kTerm) {
      return AddExpanded(word.substr(0, word.size() - word_operator.bytes), word_operator, occur);
    }
    if (has_sign) return AddPhrase(word, occur);
    AddPlain(word, occur);
  }

  // One term stays a term, more become a phrase.
  void AddPhrase(std::string_view text, Occur occur) {
    analyzer_.Analyze(text, &tokens_);
    if (tokens_.empty()) return;
    TextClause clause{tokens_.size() == 1 ? Kind::kTerm : Kind::kPhrase, occur, {}};
    for (const Token& token : tokens_) {
      clause.terms.push_back(token.term);
      if (tokens_.size() > 1) clause.offsets.push_back(token.position - tokens_[0].position);
    }
    Add(std::move(clause));
  }

  // A prefix or fuzzy word is compared with words as they are written, so a stop word may be one ("the*").
  // What the analyzer splits can't be one word of a text.
  void AddExpanded(std::string_view core, const WordOperator& word_operator, Occur occur) {
    analyzer_.Analyze(core, &tokens_);
    if (tokens_.size() > 1) return AddPhrase(core, occur);
    if (tokens_.empty() && !HasLetterOrDigit(core)) return;
    std::string word = tokens_.empty() ? analyzer_.Fold(core) : std::string(tokens_[0].word());
    if (word.empty()) return;
    TextClause clause{word_operator.kind, occur, {}};
    if (clause.kind == Kind::kFuzzy) clause.distance = word_operator.distance.value_or(DefaultFuzzyDistance(word));
    clause.terms.push_back(std::move(word));
    Add(std::move(clause));
  }

  void Add(TextClause clause) {
    std::string key =
        fmt::format("{}:{}:{}", static_cast<int>(clause.kind), static_cast<int>(clause.occur), clause.distance);
    for (size_t i = 0; i < clause.terms.size(); ++i) {
      key.push_back('\0');
      if (!clause.offsets.empty()) key += fmt::format("{}:", clause.offsets[i]);
      key += clause.terms[i];
    }
    const auto [known, added] = clause_by_key_.try_emplace(std::move(key), query_.clauses.size());
    if (added) {
      words_ += clause.terms.size();
      query_.clauses.push_back(std::move(clause));
    } else {
      ++query_.clauses[known->second].times;
    }
  }

  const Analyzer& analyzer_;
  const Occur plain_occur_;
  TextQuery query_;
  size_t words_ = 0;  // of all clauses
  std::unordered_map<std::string, size_t> clause_by_key_;
  std::vector<Token> tokens_;
};

}  // namespace

Result<TextQuery> ParseTextQuery(std::string_view text, TextMode mode, const Analyzer& analyzer) {
  Parser parser(mode, analyzer);
  if (mode == TextMode::kPlain) {
    parser.AddPlain(text, parser.plain_occur());
  } else {
    parser.ParseOperators(text);
  }
  if (parser.full()) {
    return InvalidArgument(
        fmt::format("a text query may have at most {} different words, those of phrases included", kTextQueryWordsMax));
  }
  return std::move(parser).Take();
}

}  // namespace engram
