#include "index/text/standard_analyzer.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/index/random_seed.h"
#include "tests/index/text/analyzed.h"

namespace engram {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(StandardAnalyzerTest, WordsAreFoldedButNeitherStoppedNorStemmed) {
  EXPECT_THAT(Terms("standard", "The Cats' pyjamas, IL-2 & foo_bar!"),
              ElementsAre("the", "cats", "pyjamas", "il", "2", "foo_bar"));
}

TEST(StandardAnalyzerTest, WordsKeepTheirInnerApostrophe) {
  EXPECT_THAT(Terms("standard", "Don’t touch Ann's 'x'"), ElementsAre("don't", "touch", "ann's", "x"));
}

TEST(StandardAnalyzerTest, AColonEndsAWord) {
  EXPECT_THAT(Terms("standard", "topic:tea É:tea"), ElementsAre("topic", "tea", "e", "tea"));
}

TEST(StandardAnalyzerTest, UnderscoresAloneAreNoWord) { EXPECT_THAT(Terms("standard", "_ __ -"), IsEmpty()); }

TEST(StandardAnalyzerTest, HanAndKanaRunsBecomeOverlappingPairs) {
  EXPECT_THAT(Terms("standard", "中文字 東京タワー、木"),
              ElementsAre("中文", "文字", "東京", "京タ", "タワ", "ワー", "木"));
  EXPECT_THAT(Terms("standard", "NFL中文2024年"), ElementsAre("nfl", "中文", "2024", "年"));
}

TEST(StandardAnalyzerTest, HalfWidthKanaEqualFullWidthKana) {
  EXPECT_EQ(Terms("standard", "ｶﾞｲﾄﾞ"), Terms("standard", "ガイド"));
}

TEST(StandardAnalyzerTest, KoreanWordsStayWhole) {
  EXPECT_THAT(Terms("standard", "한국어 문장"), ElementsAre("한국어", "문장"));
}

TEST(StandardAnalyzerTest, ThaiWordsComeFromTheDictionary) {
  EXPECT_THAT(Terms("standard", "ภาษาไทยabc"), ElementsAre("ภาษา", "ไทย", "abc"));
}

TEST(StandardAnalyzerTest, EmojiAreWords) {
  EXPECT_THAT(Terms("standard", "nice 🎉🎉 🇩🇪"), ElementsAre("nice", "🎉", "🎉", "🇩🇪"));
}

TEST(StandardAnalyzerTest, OffsetsAreBytesOfTheOriginal) {
  const std::string text = "Ça va, 中文字 “Ann’s” ﬁne";
  std::vector<std::string> originals;
  for (const Token& token : Analyzed("standard", text))
    originals.push_back(text.substr(token.begin, token.end - token.begin));
  EXPECT_THAT(originals, ElementsAre("Ça", "va", "中文", "文字", "Ann’s", "ﬁne"));
}

TEST(StandardAnalyzerTest, PositionsCountStopWords) {
  std::vector<uint32_t> positions;
  for (const Token& token : Analyzed("english", "the cat and the hat")) positions.push_back(token.position);
  EXPECT_THAT(positions, ElementsAre(1, 4));
}

TEST(StandardAnalyzerTest, EnglishStemsAndLosesPossessives) {
  EXPECT_THAT(Terms("english", "Ann's cats were running"), ElementsAre("ann", "cat", "were", "run"));
}

TEST(StandardAnalyzerTest, StemmedTokensKeepTheirWord) {
  const std::vector<Token> tokens = Analyzed("english", "Running tea");
  EXPECT_EQ(tokens[0].term, "run");
  EXPECT_EQ(tokens[0].word(), "running");
  EXPECT_EQ(tokens[1].term, "tea");
  EXPECT_EQ(tokens[1].word(), "tea");
}

TEST(StandardAnalyzerTest, TheStemmerSeesTheAccents) {
  // The ending is -ый with й; without its mark it would not be one.
  EXPECT_EQ(Terms("russian", "красный"), Terms("russian", "красная"));
  EXPECT_EQ(Terms("german", "Häuser"), Terms("german", "Haus"));
  EXPECT_EQ(Terms("spanish", "corazón"), Terms("spanish", "corazon"));
}

TEST(StandardAnalyzerTest, FrenchAndItalianLoseElidedArticles) {
  EXPECT_EQ(Terms("french", "l’homme qu'il"), Terms("french", "homme"));
  EXPECT_EQ(Terms("italian", "dell'arte"), Terms("italian", "arte"));
  EXPECT_THAT(Terms("standard", "l'homme"), ElementsAre("l'homme"));
}

TEST(StandardAnalyzerTest, TurkishTellsItsTwoKindsOfIApartBeforeStemming) {
  EXPECT_EQ(Terms("turkish", "IŞIK"), Terms("turkish", "ışık"));
  EXPECT_EQ(Terms("turkish", "İZMİR"), Terms("turkish", "izmir"));
}

TEST(StandardAnalyzerTest, LongTermsAreCutAtACharacter) {
  EXPECT_EQ(Terms("standard", std::string(1000, 'a')), std::vector<std::string>{std::string(256, 'a')});
  std::string russian;
  for (int i = 0; i < 300; ++i) russian += "ж";
  EXPECT_EQ(Terms("standard", "a" + russian)[0].size(), 255u);
  EXPECT_LE(Terms("russian", russian)[0].size(), 256u);
}

TEST(StandardAnalyzerTest, InvalidBytesSplitWordsAndNothingElse) {
  EXPECT_THAT(Terms("standard", "tea\xFF milk\xC3"), ElementsAre("tea", "milk"));
}

TEST(StandardAnalyzerTest, FoldingAWordGivesTheTermOfThatWord) {
  const auto analyzer = MakeAnalyzer("standard");
  for (const std::string word : {"Ærøskøbing", "ＦＵＬＬ", "Crème", "don’t", "ПРИВЕТ", "हिन्दी"}) {
    EXPECT_THAT(Terms("standard", word), ElementsAre(analyzer->Fold(word))) << word;
  }
}

// Tokens never overlap except for CJK pairs, go forward and lie within the text, whatever the bytes.
TEST(StandardAnalyzerTest, AnyBytesGiveOrderedTokensInsideTheText) {
  const uint64_t seed = TestSeed(2);
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 5000; ++i) {
    std::string text;
    for (size_t n = random() % 40; n > 0; --n)
      text.push_back(static_cast<char>(random() % 2 ? random() : 'a' + random() % 26));
    const std::vector<Token> tokens = Analyzed(i % 2 ? "english" : "standard", text);
    for (size_t t = 0; t < tokens.size(); ++t) {
      ASSERT_LT(tokens[t].begin, tokens[t].end);
      ASSERT_LE(tokens[t].end, text.size());
      ASSERT_FALSE(tokens[t].term.empty());
      if (t == 0) continue;
      ASSERT_LT(tokens[t - 1].position, tokens[t].position);
      ASSERT_LT(tokens[t - 1].begin, tokens[t].begin);
    }
  }
}

}  // namespace
}  // namespace engram
