#include "index/text/simple_analyzer.h"

#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/uvernum.h>

#include "index/text/cjk.h"
#include "index/text/folding.h"
#include "index/text/term_filter.h"
#include "index/text/utf8.h"

namespace engram {
namespace {

constexpr int kRulesVersion = 1;

// A letter, a digit of any kind or an underscore: what \w means in most regular expressions.
bool InWord(char32_t c) {
  if (c < 0x80) {
    const char32_t lower = c | 0x20;
    return (lower >= U'a' && lower <= U'z') || (c >= U'0' && c <= U'9') || c == U'_';
  }
  const auto character = static_cast<UChar32>(c);
  return (U_GET_GC_MASK(character) & U_GC_L_MASK) != 0 ||
         u_getIntPropertyValue(character, UCHAR_NUMERIC_TYPE) != U_NT_NONE;
}

bool IsCased(char32_t c) { return u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_CASED); }
bool IsSkippedForCase(char32_t c) { return u_hasBinaryProperty(static_cast<UChar32>(c), UCHAR_CASE_IGNORABLE); }

constexpr char32_t kCapitalSigma = 0x03A3;
constexpr char32_t kSmallSigma = 0x03C3;
constexpr char32_t kFinalSigma = 0x03C2;
constexpr char32_t kCapitalDottedI = 0x0130;
constexpr char32_t kDotAbove = 0x0307;

// Unicode's Final_Sigma, looking forward: no cased letter follows at `at`.
bool EndsWord(std::string_view text, size_t at) {
  while (at < text.size()) {
    const char32_t c = DecodeUtf8(text, &at);
    if (!IsSkippedForCase(c)) return !IsCased(c);
  }
  return true;
}

// Unicode's full lower case, character by character.
class LowerCase {
 public:
  explicit LowerCase(std::string_view text) : text_(text) {}

  bool done() const { return at_ >= text_.size() && pending_ == 0; }
  size_t begin() const { return begin_; }  // of the character last returned
  size_t end() const { return at_; }

  // Moves over the ASCII letters, digits and underscores that come next, all at once. False when none do.
  bool AppendAsciiWord(std::string* out) {
    size_t end = at_;
    while (end < text_.size() && IsAscii(text_[end]) && InWord(static_cast<unsigned char>(text_[end]))) ++end;
    if (end == at_ || pending_ != 0) return false;
    begin_ = at_;
    const size_t from = out->size();
    out->append(text_, at_, end - at_);
    for (size_t i = from; i < out->size(); ++i) {
      char& c = (*out)[i];
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    }
    at_ = end;
    after_cased_ = IsAsciiLetter(static_cast<unsigned char>(out->back()));
    return true;
  }

  char32_t Next() {
    if (pending_ != 0) return std::exchange(pending_, 0);
    begin_ = at_;
    const char32_t c = DecodeUtf8(text_, &at_);
    if (c < 0x80) {
      if (c != U'.' && c != U':' && c != U'\'' && c != U'^' && c != U'`') after_cased_ = IsAsciiLetter(c);
      return c >= U'A' && c <= U'Z' ? c | 0x20 : c;
    }
    return NextBeyondAscii(c);
  }

 private:
  static bool IsAsciiLetter(char32_t c) { return (c | 0x20) >= U'a' && (c | 0x20) <= U'z'; }

  char32_t NextBeyondAscii(char32_t c) {
    const bool after_cased = after_cased_;
    if (!IsSkippedForCase(c)) after_cased_ = IsCased(c);
    if (c == kCapitalSigma) return after_cased && EndsWord(text_, at_) ? kFinalSigma : kSmallSigma;
    if (c == kCapitalDottedI) {
      pending_ = kDotAbove;
      return U'i';
    }
    return static_cast<char32_t>(u_tolower(static_cast<UChar32>(c)));
  }

  std::string_view text_;
  size_t at_ = 0;
  size_t begin_ = 0;
  char32_t pending_ = 0;  // a second character that the last one became
  bool after_cased_ = false;
};

class Walk {
 public:
  Walk(std::string_view text, const TermFilter& filter, std::vector<Token>* tokens)
      : lower_(text), filter_(filter), sink_(tokens) {}

  void Run() {
    while (!lower_.done()) {
      const bool continues = !word_.empty();
      if (lower_.AppendAsciiWord(&word_)) {
        EndRun();
        if (!continues) word_begin_ = lower_.begin();
        word_end_ = lower_.end();
        continue;
      }
      const char32_t c = lower_.Next();
      if (!InWord(c)) {
        EndWord();
        EndRun();
      } else if (IsCjk(c)) {
        EndWord();
        AddToRun(c);
      } else {
        EndRun();
        if (word_.empty()) word_begin_ = lower_.begin();
        AppendUtf8(c, &word_);
        word_end_ = lower_.end();
      }
    }
    EndWord();
    EndRun();
  }

 private:
  struct RunCharacter {
    std::string bytes;
    size_t begin = 0;
    size_t end = 0;
  };

  void AddToRun(char32_t c) {
    RunCharacter next{{}, lower_.begin(), lower_.end()};
    AppendUtf8(c, &next.bytes);
    if (run_length_ > 0) Emit(last_.bytes + next.bytes, last_.begin, next.end, false);
    last_ = std::move(next);
    ++run_length_;
  }

  void EndRun() {
    if (run_length_ == 1) Emit(last_.bytes, last_.begin, last_.end, false);
    run_length_ = 0;
  }

  void EndWord() {
    if (word_.empty()) return;
    Emit(word_, word_begin_, word_end_, true);
    word_.clear();
  }

  void Emit(const std::string& term, size_t begin, size_t end, bool stem) {
    Token& token = sink_.Next();
    token.position = position_++;
    token.begin = static_cast<uint32_t>(begin);
    token.end = static_cast<uint32_t>(end);
    token.term = term;
    token.surface.clear();
    if (filter_.IsStopWord(token.term)) return;
    if (!stem || filter_.Finish(&token)) sink_.Keep();
  }

  LowerCase lower_;
  const TermFilter& filter_;
  TokenSink sink_;
  std::string word_;
  size_t word_begin_ = 0;
  size_t word_end_ = 0;
  RunCharacter last_;
  size_t run_length_ = 0;
  uint32_t position_ = 0;
};

std::string Lower(std::string_view text) {
  std::string out;
  for (LowerCase lower(text); !lower.done();) AppendUtf8(lower.Next(), &out);
  return out;
}

std::vector<std::string> LowerAll(std::vector<std::string> words) {
  for (std::string& word : words) word = Lower(word);
  return words;
}

class SimpleAnalyzer final : public Analyzer {
 public:
  SimpleAnalyzer(std::vector<std::string> stop_words, std::optional<Stemmer> stemmer)
      : filter_(LowerAll(std::move(stop_words)), stemmer),
        fingerprint_(
            fmt::format("simple rules={} unicode={} {}", kRulesVersion, U_UNICODE_VERSION, filter_.Fingerprint())) {}

  void Analyze(std::string_view text, std::vector<Token>* tokens) const override { Walk(text, filter_, tokens).Run(); }
  std::string Fold(std::string_view word) const override { return Lower(word); }
  bool stems() const override { return filter_.stemmer().has_value(); }
  const std::string& fingerprint() const override { return fingerprint_; }

 private:
  const TermFilter filter_;
  const std::string fingerprint_;
};

}  // namespace

std::shared_ptr<const Analyzer> MakeSimpleAnalyzer(std::vector<std::string> stop_words,
                                                   std::optional<Stemmer> stemmer) {
  return std::make_shared<SimpleAnalyzer>(std::move(stop_words), stemmer);
}

}  // namespace engram
