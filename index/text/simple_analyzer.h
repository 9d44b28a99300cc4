// "simple": the plain baseline of the literature. Made by Analyzer::Create.
#pragma once

#include <memory>

#include "index/text/analyzer.h"
#include "index/text/stemmer.h"

namespace engram {

std::shared_ptr<const Analyzer> MakeSimpleAnalyzer(std::vector<std::string> stop_words, std::optional<Stemmer> stemmer);

}  // namespace engram
