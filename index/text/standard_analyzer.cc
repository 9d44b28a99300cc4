#include "index/text/standard_analyzer.h"

#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/uvernum.h>

#include "index/text/cjk.h"
#include "index/text/dictionary_words.h"
#include "index/text/elision.h"
#include "index/text/folding.h"
#include "index/text/segmenter.h"
#include "index/text/term_filter.h"
#include "index/text/utf8.h"

namespace engram {
namespace {

// Raise when the code below gives other terms for the same text.
constexpr int kRulesVersion = 1;

bool IsAsciiAlphanumeric(char c) {
  const auto lower = static_cast<unsigned char>(c | 0x20);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9');
}

bool MakesWord(char32_t c) {
  if (c < 0x80) return IsAsciiAlphanumeric(static_cast<char>(c));
  const auto character = static_cast<UChar32>(c);
  return (U_GET_GC_MASK(character) & (U_GC_L_MASK | U_GC_N_MASK)) != 0 ||
         u_hasBinaryProperty(character, UCHAR_EMOJI_PRESENTATION);
}

bool IsWord(std::string_view segment) {
  for (size_t at = 0; at < segment.size();) {
    if (MakesWord(DecodeUtf8(segment, &at))) return true;
  }
  return false;
}

// Han and Kana without marks: what FoldCase leaves as it is.
bool FoldsToItself(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3041 && c <= 0x3096) || (c >= 0x30A1 && c <= 0x30FA) || c == 0x30FC;
}

// Walks one text. Positions count words, kept or not.
class Walk {
 public:
  Walk(std::string_view text, const std::string& language, const TermFilter& filter, std::vector<Token>* tokens)
      : text_(text), language_(language), filter_(filter), sink_(tokens) {}

  void Run() {
    size_t at = 0;
    while (at < text_.size()) {
      const char c = text_[at];
      if (!IsAscii(c)) {
        at = BeyondAscii(at);
      } else if (IsAsciiAlphanumeric(c) || c == '_') {
        at = AsciiStart(at);
      } else {
        ++at;
      }
    }
  }

 private:
  size_t AsciiStart(size_t begin) {
    const size_t end = NextWordBoundary(text_, begin, WordRules::kColonBreaks);
    const std::string_view segment = text_.substr(begin, end - begin);
    if (!IsAscii(segment)) {
      if (IsWord(segment)) Emit(begin, end);
    } else if (segment[0] != '_' || IsWord(segment)) {
      EmitAscii(begin, end);
    }
    return end;
  }

  size_t BeyondAscii(size_t begin) {
    size_t behind = begin;
    const char32_t c = DecodeUtf8(text_, &behind);
    if (IsCjk(c)) return EmitPairs(begin);
    if (NeedsDictionary(c)) return EmitDictionaryWords(begin);
    const size_t end = NextWordBoundary(text_, begin, WordRules::kColonBreaks);
    if (IsWord(text_.substr(begin, end - begin))) Emit(begin, end);
    return end;
  }

  Token& Next(size_t begin, size_t end) {
    Token& token = sink_.Next();
    token.position = position_++;
    token.begin = static_cast<uint32_t>(begin);
    token.end = static_cast<uint32_t>(end);
    return token;
  }

  void EmitAscii(size_t begin, size_t end) {
    Token& token = Next(begin, end);
    token.term.assign(text_, begin, end - begin);
    if (Turkish()) return FinishFolded(FoldCase(token.term, CaseRules::kTurkish), &token);
    LowerAscii(&token.term);
    if (!language_.empty()) DropElision(&token.term);
    if (filter_.IsStopWord(token.term)) return;
    if (filter_.Finish(&token)) sink_.Keep();
  }

  void Emit(size_t begin, size_t end) {
    Token& token = Next(begin, end);
    const auto rules = Turkish() ? CaseRules::kTurkish : CaseRules::kRoot;
    FinishFolded(FoldCase(text_.substr(begin, end - begin), rules), &token);
  }

  // The stemmer must see the accents: a Russian ending with й is another one than with и.
  void FinishFolded(std::string folded, Token* token) {
    DropElision(&folded);
    token->term = FoldAccents(folded);
    if (filter_.IsStopWord(token->term)) return;
    if (!filter_.stemmer() || token->term == folded) {
      if (filter_.Finish(token)) sink_.Keep();
      return;
    }
    CutTerm(&token->term);
    CutTerm(&folded);
    if (token->term.empty()) return;
    token->surface = std::move(token->term);
    filter_.stemmer()->Stem(&folded);
    token->term = FoldAccents(folded);
    if (token->term.empty() || token->term == token->surface) {
      token->term = std::move(token->surface);
      token->surface.clear();
    }
    CutTerm(&token->term);
    sink_.Keep();
  }

  size_t EmitPairs(size_t begin) {
    std::vector<CjkCharacter> run;
    const size_t end = CjkRun(text_, begin, &run);
    if (run.size() == 1) {
      EmitPair(run[0], run[0]);
      return end;
    }
    for (size_t i = 0; i + 1 < run.size(); ++i) EmitPair(run[i], run[i + 1]);
    return end;
  }

  void EmitPair(CjkCharacter first, CjkCharacter last) {
    Token& token = Next(first.begin, last.end);
    token.surface.clear();
    token.term.clear();
    AppendCjk(first, &token.term);
    if (last.begin != first.begin) AppendCjk(last, &token.term);
    if (!token.term.empty() && !filter_.IsStopWord(token.term)) sink_.Keep();
  }

  void AppendCjk(CjkCharacter character, std::string* term) const {
    const std::string_view bytes = text_.substr(character.begin, character.end - character.begin);
    size_t behind = 0;
    const bool plain = FoldsToItself(DecodeUtf8(bytes, &behind)) && behind == bytes.size();
    term->append(plain ? std::string(bytes) : FoldCase(bytes));
  }

  size_t EmitDictionaryWords(size_t begin) {
    const size_t end = DictionaryRunEnd(text_, begin);
    const std::string_view run = text_.substr(begin, end - begin);
    size_t word = 0;
    for (const uint32_t word_end : DictionaryWordEnds(run)) {
      if (IsWord(run.substr(word, word_end - word))) Emit(begin + word, begin + word_end);
      word = word_end;
    }
    return end;
  }

  bool Turkish() const { return language_ == "turkish"; }
  void DropElision(std::string* folded) const { folded->erase(0, ElisionBytes(language_, *folded)); }

  const std::string_view text_;
  const std::string& language_;
  const TermFilter& filter_;
  TokenSink sink_;
  uint32_t position_ = 0;
};

std::string FoldWord(std::string_view word, const std::string& language) {
  return FoldAccents(FoldCase(word, language == "turkish" ? CaseRules::kTurkish : CaseRules::kRoot));
}

std::vector<std::string> FoldAll(std::vector<std::string> words, const std::string& language) {
  for (std::string& word : words) word = FoldWord(word, language);
  return words;
}

class StandardAnalyzer final : public Analyzer {
 public:
  explicit StandardAnalyzer(StandardSettings settings)
      : language_(std::move(settings.language)),
        filter_(FoldAll(std::move(settings.stop_words), language_), settings.stemmer),
        fingerprint_(fmt::format("{} rules={} unicode={} icu={} language={} {}", settings.name, kRulesVersion,
                                 U_UNICODE_VERSION, U_ICU_VERSION, language_, filter_.Fingerprint())) {}

  void Analyze(std::string_view text, std::vector<Token>* tokens) const override {
    Walk(text, language_, filter_, tokens).Run();
  }

  std::string Fold(std::string_view word) const override { return FoldWord(word, language_); }
  bool stems() const override { return filter_.stemmer().has_value(); }
  const std::string& fingerprint() const override { return fingerprint_; }

 private:
  const std::string language_;
  const TermFilter filter_;
  const std::string fingerprint_;
};

}  // namespace

std::shared_ptr<const Analyzer> MakeStandardAnalyzer(StandardSettings settings) {
  return std::make_shared<StandardAnalyzer>(std::move(settings));
}

}  // namespace engram
