// "whitespace": the text as it stands, cut at white space. Made by Analyzer::Create.
#pragma once

#include <memory>

#include "index/text/analyzer.h"
#include "index/text/stemmer.h"

namespace engram {

bool IsWhiteSpace(char32_t character);

std::shared_ptr<const Analyzer> MakeWhitespaceAnalyzer(std::vector<std::string> stop_words,
                                                       std::optional<Stemmer> stemmer);

}  // namespace engram
