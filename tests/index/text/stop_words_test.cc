#include "index/text/stop_words.h"

#include <set>

#include <gtest/gtest.h>

#include "index/text/stemmer.h"
#include "tests/index/text/analyzed.h"

namespace engram {
namespace {

TEST(StopWordsTest, EverySnowballLanguageHasAListAndNoOtherHas) {
  std::set<std::string> listed;
  for (const StopWordList& list : AllStopWords()) listed.insert(std::string(list.language));
  EXPECT_EQ(listed, std::set<std::string>(Stemmer::Names().begin(), Stemmer::Names().end()));
}

TEST(StopWordsTest, ListsHaveWordsOnceAndOneSpaceBetween) {
  for (const StopWordList& list : AllStopWords()) {
    const std::vector<std::string> words = SplitStopWords(list.words);
    EXPECT_GE(words.size(), 30u) << list.language;
    EXPECT_EQ(std::set<std::string>(words.begin(), words.end()).size(), words.size()) << list.language;
    EXPECT_EQ(list.words.find("  "), std::string_view::npos) << list.language;
  }
}

TEST(StopWordsTest, EachIsDroppedByItsOwnAnalyzer) {
  for (const StopWordList& list : AllStopWords()) {
    const std::string text(list.words);
    EXPECT_TRUE(Terms(std::string(list.language), text).empty())
        << list.language << " keeps " << testing::PrintToString(Terms(std::string(list.language), text));
  }
}

}  // namespace
}  // namespace engram
