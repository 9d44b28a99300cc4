#include "index/text/highlight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/index/text/analyzed.h"

namespace engram {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> Shown(std::string_view text, std::string_view query, const std::string& analyzer = "standard",
                               const HighlightOptions& options = {}) {
  const auto made = MakeAnalyzer(analyzer);
  return Highlight(text, ParseTextQuery(query, TextMode::kAny, *made).value(), *made, options);
}

TEST(HighlightTest, MatchedWordsAreMarkedAsTheyStand) {
  EXPECT_THAT(Shown("Ann likes green TEA, and tea.", "tea ann"),
              ElementsAre("<em>Ann</em> likes green <em>TEA</em>, and <em>tea</em>."));
}

TEST(HighlightTest, NothingMatchesNothingIsShown) {
  EXPECT_THAT(Shown("green tea", "milk"), IsEmpty());
  EXPECT_THAT(Shown("", "milk"), IsEmpty());
  EXPECT_THAT(Shown("green tea", ""), IsEmpty());
}

TEST(HighlightTest, ALongTextMayBeGivenUp) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "tea ";
  HighlightOptions options;
  int looks = 0;
  options.give_up = [&looks] { return ++looks == 2; };
  EXPECT_THAT(Shown(text, "tea", "standard", options), IsEmpty());
  EXPECT_EQ(looks, 2);
}

TEST(HighlightTest, StemsPrefixesAndFuzzyWordsMarkTheWholeWord) {
  EXPECT_THAT(Shown("She was running", "runs", "english"), ElementsAre("She was <em>running</em>"));
  EXPECT_THAT(Shown("She was running", "runn*", "english"), ElementsAre("She was <em>running</em>"));
  EXPECT_THAT(Shown("She was running", "runing~", "english"), ElementsAre("She was <em>running</em>"));
}

TEST(HighlightTest, PhrasesAreMarkedOnlyWhereTheyStand) {
  EXPECT_THAT(Shown("tea green tea green", "\"green tea\""), ElementsAre("tea <em>green</em> <em>tea</em> green"));
}

TEST(HighlightTest, ForbiddenWordsAreNotMarked) {
  EXPECT_THAT(Shown("green tea", "green -tea"), ElementsAre("<em>green</em> tea"));
}

TEST(HighlightTest, OverlappingPairsAreOneMark) {
  EXPECT_THAT(Shown("我喜欢喝绿茶。", "喝绿茶"), ElementsAre("我喜欢<em>喝绿茶</em>。"));
}

TEST(HighlightTest, FragmentsAreCutAtWordsAndKeepTheOrderOfTheText) {
  std::string text;
  for (int i = 0; i < 200; ++i)
    text += i == 20 ? "tea " : i == 100 ? "milk " : i == 180 ? "tea milk " : "word" + std::to_string(i) + " ";
  HighlightOptions options;
  options.fragment_bytes = 60;
  options.fragments_max = 2;
  const std::vector<std::string> fragments = Shown(text, "tea milk", "standard", options);
  ASSERT_THAT(fragments, SizeIs(2));
  EXPECT_THAT(fragments[0], testing::HasSubstr("<em>tea</em> word21"));         // of the lesser ones the first
  EXPECT_THAT(fragments[1], testing::HasSubstr("<em>tea</em> <em>milk</em>"));  // both words
  for (const std::string& fragment : fragments) {
    EXPECT_LE(fragment.size(), 60 + 2 * std::string("<em></em>").size());
    EXPECT_TRUE(fragment.starts_with("word")) << fragment;
  }
}

TEST(HighlightTest, FragmentsNeverOverlap) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "tea ";
  HighlightOptions options;
  options.fragment_bytes = 40;
  options.fragments_max = 100;
  size_t marks = 0;
  for (const std::string& fragment : Shown(text, "tea", "standard", options)) {
    for (size_t at = fragment.find("<em>"); at != std::string::npos; at = fragment.find("<em>", at + 1)) ++marks;
  }
  EXPECT_EQ(marks, 100u);
}

TEST(HighlightTest, TagsAreOnesOwn) {
  HighlightOptions options;
  options.open = "[";
  options.close = "]";
  EXPECT_THAT(Shown("green tea", "tea", "standard", options), ElementsAre("green [tea]"));
}

TEST(HighlightTest, AWordLongerThanAFragmentIsShownWhole) {
  HighlightOptions options;
  options.fragment_bytes = 4;
  EXPECT_THAT(Shown("some extraordinary tea", "extraordinary", "standard", options),
              ElementsAre("<em>extraordinary</em>"));
}

}  // namespace
}  // namespace engram
