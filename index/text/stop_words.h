// Function words that say nothing about a text, for every language with a Snowball stemmer.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace engram {

struct StopWordList {
  std::string_view language;  // as Snowball names it
  std::string_view words;     // separated by single spaces, with their accents
};

std::span<const StopWordList> AllStopWords();

// The words of `language`; empty when it has no list.
std::string_view StopWordsOf(std::string_view language);

std::vector<std::string> SplitStopWords(std::string_view words);

}  // namespace engram
