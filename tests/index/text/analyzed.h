// Short ways to say what an analyzer makes of a text.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "index/text/analyzer.h"

namespace engram {

inline std::shared_ptr<const Analyzer> MakeAnalyzer(const AnalyzerOptions& options) {
  return Analyzer::Create(options).value();
}

inline std::shared_ptr<const Analyzer> MakeAnalyzer(const std::string& name) {
  AnalyzerOptions options;
  options.analyzer = name;
  return MakeAnalyzer(options);
}

inline std::vector<Token> Analyzed(const std::string& analyzer, std::string_view text) {
  std::vector<Token> tokens;
  MakeAnalyzer(analyzer)->Analyze(text, &tokens);
  return tokens;
}

inline std::vector<std::string> Terms(const Analyzer& analyzer, std::string_view text) {
  std::vector<Token> tokens;
  analyzer.Analyze(text, &tokens);
  std::vector<std::string> terms;
  for (const Token& token : tokens) terms.push_back(token.term);
  return terms;
}

inline std::vector<std::string> Terms(const std::string& analyzer, std::string_view text) {
  return Terms(*MakeAnalyzer(analyzer), text);
}

}  // namespace engram
