#include "index/text/whitespace_analyzer.h"

#include <fmt/format.h>
#include <unicode/uchar.h>

#include "index/text/term_filter.h"
#include "index/text/utf8.h"

namespace engram {
namespace {

class WhitespaceAnalyzer final : public Analyzer {
 public:
  WhitespaceAnalyzer(std::vector<std::string> stop_words, std::optional<Stemmer> stemmer)
      : filter_(std::move(stop_words), stemmer),
        fingerprint_(fmt::format("whitespace rules=1 {}", filter_.Fingerprint())) {}

  void Analyze(std::string_view text, std::vector<Token>* tokens) const override {
    TokenSink sink(tokens);
    uint32_t position = 0;
    for (size_t at = 0; at < text.size();) {
      const size_t begin = at;
      size_t end = at;
      while (at < text.size()) {
        if (IsWhiteSpace(DecodeUtf8(text, &at))) break;
        end = at;
      }
      if (end == begin) continue;
      Token& token = sink.Next();
      token.position = position++;
      token.begin = static_cast<uint32_t>(begin);
      token.end = static_cast<uint32_t>(end);
      const std::string_view word = text.substr(begin, end - begin);
      token.term = IsAscii(word) ? std::string(word) : ValidUtf8(word);
      if (!filter_.IsStopWord(token.term) && filter_.Finish(&token)) sink.Keep();
    }
  }

  std::string Fold(std::string_view word) const override { return ValidUtf8(word); }
  bool stems() const override { return filter_.stemmer().has_value(); }
  const std::string& fingerprint() const override { return fingerprint_; }

 private:
  const TermFilter filter_;
  const std::string fingerprint_;
};

}  // namespace

bool IsWhiteSpace(char32_t c) {
  if (c < 0x80) return c == U' ' || (c >= U'\t' && c <= U'\r');
  return u_isUWhiteSpace(static_cast<UChar32>(c));
}

std::shared_ptr<const Analyzer> MakeWhitespaceAnalyzer(std::vector<std::string> stop_words,
                                                       std::optional<Stemmer> stemmer) {
  return std::make_shared<WhitespaceAnalyzer>(std::move(stop_words), stemmer);
}

}  // namespace engram
