// A memory's texts as the one sequence of tokens that is indexed.
#pragma once

#include <string_view>
#include <vector>

#include "index/text/analyzer.h"

namespace engram {

// Replaces `*tokens` by the terms of all `texts` in order, with a position gap of 100 between two texts, so that no
// phrase reaches from one into the next.
void AnalyzeTexts(const Analyzer& analyzer, const std::vector<std::string_view>& texts, std::vector<Token>* tokens);

}  // namespace engram
