#include "index/text/analyzer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "index/text/stemmer.h"
#include "tests/index/text/analyzed.h"

namespace engram {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

AnalyzerOptions Options(std::string analyzer, std::string stemmer = "") {
  AnalyzerOptions options;
  options.analyzer = std::move(analyzer);
  options.stemmer = std::move(stemmer);
  return options;
}

TEST(AnalyzerTest, UnknownNamesAreRefusedWithTheKnownOnes) {
  const auto analyzer = Analyzer::Create(Options("klingon"));
  ASSERT_FALSE(analyzer.ok());
  EXPECT_EQ(analyzer.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(analyzer.status().field(), "analyzer");
  EXPECT_THAT(analyzer.status().message(), HasSubstr("whitespace"));

  const auto stemmer = Analyzer::Create(Options("standard", "klingon"));
  ASSERT_FALSE(stemmer.ok());
  EXPECT_EQ(stemmer.status().field(), "stemmer");
  EXPECT_THAT(stemmer.status().message(), HasSubstr("german"));
}

TEST(AnalyzerTest, AnEmptyStopWordIsRefused) {
  AnalyzerOptions options;
  options.stop_words = {"tea", ""};
  const auto analyzer = Analyzer::Create(options);
  ASSERT_FALSE(analyzer.ok());
  EXPECT_EQ(analyzer.status().field(), "stop_words[1]");
}

TEST(AnalyzerTest, EverySnowballLanguageIsAnAnalyzer) {
  for (const std::string& language : Stemmer::Names()) {
    EXPECT_EQ(Terms(language, "zebra 42").size(), 2u) << language;
  }
}

TEST(AnalyzerTest, StopWordsOfOnesOwnReplaceTheDefaultAndAreFolded) {
  AnalyzerOptions options = Options("english");
  options.stop_words = {"CAFÉ"};
  EXPECT_THAT(Terms(*MakeAnalyzer(options), "the café and Cafe tea"), ElementsAre("the", "and", "tea"));
  options.stop_words = std::vector<std::string>();
  EXPECT_THAT(Terms(*MakeAnalyzer(options), "the tea"), ElementsAre("the", "tea"));
}

TEST(AnalyzerTest, AStemmerCanBeTakenAwayOrAdded) {
  EXPECT_THAT(Terms(*MakeAnalyzer(Options("english", "none")), "the cats"), ElementsAre("cats"));
  EXPECT_THAT(Terms(*MakeAnalyzer(Options("standard", "english")), "the cats"), ElementsAre("the", "cat"));
  EXPECT_FALSE(MakeAnalyzer(Options("english", "none"))->stems());
  EXPECT_TRUE(MakeAnalyzer("english")->stems());
}

TEST(AnalyzerTest, WhitespaceChangesNothing) {
  EXPECT_THAT(Terms("whitespace", " Don't\tC++ The\u3000É "), ElementsAre("Don't", "C++", "The", "É"));
}

TEST(AnalyzerTest, CjkIsStandardWithTheClassicStopWords) {
  EXPECT_THAT(Terms("cjk", "the Cats 中文字"), ElementsAre("cats", "中文", "文字"));
}

TEST(AnalyzerTest, FingerprintsTellConfigurationsApart) {
  std::vector<std::string> fingerprints;
  for (const AnalyzerOptions& options :
       {Options("standard"), Options("english"), Options("porter"), Options("simple"), Options("simple", "english"),
        Options("whitespace"), Options("cjk"), Options("english", "none"), Options("german")}) {
    fingerprints.push_back(MakeAnalyzer(options)->fingerprint());
    EXPECT_EQ(MakeAnalyzer(options)->fingerprint(), fingerprints.back());
  }
  std::sort(fingerprints.begin(), fingerprints.end());
  EXPECT_EQ(std::unique(fingerprints.begin(), fingerprints.end()), fingerprints.end());
}

TEST(AnalyzerTest, ReusedTokensHoldNothingOfTheLastText) {
  const auto analyzer = MakeAnalyzer("english");
  std::vector<Token> reused;
  analyzer->Analyze("running hills everywhere 中文字 Ünïcode", &reused);
  std::vector<Token> fresh;
  for (const std::string text : {"tea", "", "the running", "中文 running é"}) {
    analyzer->Analyze(text, &reused);
    fresh.clear();
    analyzer->Analyze(text, &fresh);
    ASSERT_EQ(reused.size(), fresh.size()) << text;
    for (size_t i = 0; i < fresh.size(); ++i) {
      EXPECT_EQ(reused[i].term, fresh[i].term);
      EXPECT_EQ(reused[i].surface, fresh[i].surface);
      EXPECT_EQ(reused[i].position, fresh[i].position);
    }
  }
}

}  // namespace
}  // namespace engram
