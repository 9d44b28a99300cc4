// Any bytes as text: every analyzer gives terms that are UTF-8, bounded, in order and inside of the text.
// The first byte chooses the analyzer.
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/utf8.h"
#include "fuzz/input.h"
#include "index/text/analyzer.h"

namespace engram {
namespace {

constexpr size_t kTermBytesMax = 256;
constexpr std::array<const char*, 12> kAnalyzers = {"standard", "english", "german",  "french",
                                                    "italian",  "turkish", "russian", "arabic",
                                                    "catalan",  "cjk",     "simple",  "whitespace"};

const Analyzer& AnalyzerOf(uint8_t choice) {
  static const std::vector<std::shared_ptr<const Analyzer>> analyzers = [] {
    std::vector<std::shared_ptr<const Analyzer>> made;
    for (const char* name : kAnalyzers)
      made.push_back(Analyzer::Create({.analyzer = name, .stemmer = "", .stop_words = std::nullopt}).value());
    return made;
  }();
  return *analyzers[choice % analyzers.size()];
}

void CheckTokens(std::string_view text, const std::vector<Token>& tokens) {
  for (size_t i = 0; i < tokens.size(); ++i) {
    const Token& token = tokens[i];
    ENGRAM_CHECK(!token.term.empty() && token.term.size() <= kTermBytesMax && IsUtf8(token.term));
    ENGRAM_CHECK(token.surface.size() <= kTermBytesMax && IsUtf8(token.surface));
    ENGRAM_CHECK(token.begin < token.end && token.end <= text.size());
    ENGRAM_CHECK(i == 0 || (tokens[i - 1].position < token.position && tokens[i - 1].begin <= token.begin));
  }
}

}  // namespace
}  // namespace engram

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {  // NOLINT: its name
  engram::FuzzInput input(data, size);
  const engram::Analyzer& analyzer = engram::AnalyzerOf(input.Byte());
  std::vector<engram::Token> tokens;
  analyzer.Analyze(input.rest(), &tokens);
  engram::CheckTokens(input.rest(), tokens);
  ENGRAM_CHECK(engram::IsUtf8(analyzer.Fold(input.rest())));
  return 0;
}
