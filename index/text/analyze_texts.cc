#include "index/text/analyze_texts.h"

namespace engram {
namespace {

constexpr uint32_t kTextGap = 100;

}  // namespace

void AnalyzeTexts(const Analyzer& analyzer, const std::vector<std::string_view>& texts, std::vector<Token>* tokens) {
  tokens->clear();
  if (texts.size() == 1) return analyzer.Analyze(texts[0], tokens);
  std::vector<Token> next;
  for (const std::string_view text : texts) {
    const uint32_t base = tokens->empty() ? 0 : tokens->back().position + 1 + kTextGap;
    analyzer.Analyze(text, &next);
    for (Token& token : next) {
      token.position += base;
      tokens->push_back(std::move(token));
    }
  }
}

}  // namespace engram
