#include "index/text/simple_analyzer.h"

#include <cctype>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/index/random_seed.h"
#include "tests/index/text/analyzed.h"

namespace engram {
namespace {

using testing::ElementsAre;

TEST(SimpleAnalyzerTest, RunsOfLettersDigitsAndUnderscoreAreWords) {
  EXPECT_THAT(Terms("simple", "Don't stop_it 3.14 Crème x² ½"),
              ElementsAre("don", "t", "stop_it", "3", "14", "crème", "x²", "½"));
}

TEST(SimpleAnalyzerTest, TheClassicStopWordsGoAndKeepTheirPlace) {
  const std::vector<Token> tokens = Analyzed("simple", "The tea was with such milk");
  ASSERT_EQ(tokens.size(), 2u);
  EXPECT_EQ(tokens[0].term, "tea");
  EXPECT_EQ(tokens[0].position, 1u);
  EXPECT_EQ(tokens[1].term, "milk");
  EXPECT_EQ(tokens[1].position, 5u);
}

TEST(SimpleAnalyzerTest, MarksEndWords) { EXPECT_THAT(Terms("simple", "o\u0301x"), ElementsAre("o", "x")); }

TEST(SimpleAnalyzerTest, CjkRunsBecomePairsAndALoneCharacterStays) {
  EXPECT_THAT(Terms("simple", "NFL黑豹队2024年タワー"),
              ElementsAre("nfl", "黑豹", "豹队", "2024", "年タ", "タワ", "ワー"));
  EXPECT_THAT(Terms("simple", "a中b文"), ElementsAre("中", "b", "文"));
}

TEST(SimpleAnalyzerTest, LowerCaseKnowsTheFinalSigmaAndTheDottedI) {
  EXPECT_THAT(Terms("simple", "ΟΔΟΣ ΟΔΟΣΑ"), ElementsAre("οδος", "οδοσα"));
  EXPECT_THAT(Terms("simple", "İz"), ElementsAre("i", "z"));
}

TEST(SimpleAnalyzerTest, AStemmerComesAfterTheStopWords) {
  AnalyzerOptions options;
  options.analyzer = "simple";
  options.stemmer = "english";
  // "being" would become the stop word "be" if it were stemmed first.
  EXPECT_THAT(Terms(*MakeAnalyzer(options), "being the flows"), ElementsAre("be", "flow"));
}

TEST(SimpleAnalyzerTest, OffsetsAreBytesOfTheOriginal) {
  const std::string text = "É中文 x";
  std::vector<std::string> originals;
  for (const Token& token : Analyzed("simple", text))
    originals.push_back(text.substr(token.begin, token.end - token.begin));
  EXPECT_THAT(originals, ElementsAre("É", "中文", "x"));
}

TEST(SimpleAnalyzerTest, AsciiTextFallsIntoItsRunsOfWordCharacters) {
  const uint64_t seed = TestSeed(10);
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  AnalyzerOptions options;
  options.analyzer = "simple";
  options.stop_words = std::vector<std::string>();
  const auto analyzer = MakeAnalyzer(options);
  for (int i = 0; i < 3000; ++i) {
    std::string text;
    for (size_t n = random() % 30; n > 0; --n) text.push_back(static_cast<char>(random() % 128));
    std::vector<std::string> runs(1);
    for (const char c : text) {
      if (std::isalnum(static_cast<unsigned char>(c)) || c == '_') {
        runs.back().push_back(static_cast<char>(std::tolower(c)));
      } else if (!runs.back().empty()) {
        runs.emplace_back();
      }
    }
    if (runs.back().empty()) runs.pop_back();
    ASSERT_EQ(Terms(*analyzer, text), runs) << testing::PrintToString(text);
  }
}

}  // namespace
}  // namespace engram
