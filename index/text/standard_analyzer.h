// "standard", "cjk" and the Snowball languages. Made by Analyzer::Create.
#pragma once

#include <memory>

#include "index/text/analyzer.h"
#include "index/text/stemmer.h"

namespace engram {

struct StandardSettings {
  std::string name;
  std::string language;  // decides elision and Turkish case; empty for none
  std::vector<std::string> stop_words;
  std::optional<Stemmer> stemmer;
};

std::shared_ptr<const Analyzer> MakeStandardAnalyzer(StandardSettings settings);

}  // namespace engram
