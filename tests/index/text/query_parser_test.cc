#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "index/text/text_query.h"
#include "tests/index/random_seed.h"
#include "tests/index/text/analyzed.h"

namespace engram {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using Kind = TextClause::Kind;
using Occur = TextClause::Occur;

TextQuery Parse(std::string_view text, TextMode mode = TextMode::kAny, const std::string& analyzer = "standard") {
  return ParseTextQuery(text, mode, *MakeAnalyzer(analyzer)).value();
}

// A clause in one line: sign, terms (in quotes for a phrase), * or ~distance, ^times.
std::string Shown(const TextClause& clause) {
  std::string text = clause.occur == Occur::kMust ? "+" : clause.occur == Occur::kNot ? "-" : "";
  if (clause.kind == Kind::kPhrase) {
    text += "\"";
    for (size_t i = 0; i < clause.terms.size(); ++i) {
      text += (i ? " " : "") + clause.terms[i] + "@" + std::to_string(clause.offsets[i]);
    }
    text += "\"";
  } else {
    text += clause.terms.at(0);
  }
  if (clause.kind == Kind::kPrefix) text += "*";
  if (clause.kind == Kind::kFuzzy) text += "~" + std::to_string(clause.distance);
  return clause.times > 1 ? text + "^" + std::to_string(clause.times) : text;
}

std::vector<std::string> Shown(const TextQuery& query) {
  std::vector<std::string> lines;
  for (const TextClause& clause : query.clauses) lines.push_back(Shown(clause));
  return lines;
}

std::vector<std::string> Shown(std::string_view text, TextMode mode = TextMode::kAny,
                               const std::string& analyzer = "standard") {
  return Shown(Parse(text, mode, analyzer));
}

TEST(QueryParserTest, EveryOperatorIsRead) {
  EXPECT_THAT(Shown("Tea \"green tea\" +must -not pre* fuzzy~ x~1 +\"a b\" -\"c d\" -pre* +fuzzy~2"),
              ElementsAre("tea", "\"green@0 tea@1\"", "+must", "-not", "pre*", "fuzzy~1", "x~1", "+\"a@0 b@1\"",
                          "-\"c@0 d@1\"", "-pre*", "+fuzzy~2"));
}

TEST(QueryParserTest, PlainModeReadsNoOperators) {
  EXPECT_THAT(Shown("+tea -milk \"x y\" pre* fuzzy~1", TextMode::kPlain),
              ElementsAre("tea", "milk", "x", "y", "pre", "fuzzy", "1"));
}

TEST(QueryParserTest, AllModeRequiresEveryWordAndPhrase) {
  EXPECT_THAT(Shown("tea \"x y\" pre* -milk ann@home", TextMode::kAll),
              ElementsAre("+tea", "+\"x@0 y@1\"", "+pre*", "-milk", "+ann", "+home"));
}

TEST(QueryParserTest, RepeatedWordsCount) {
  EXPECT_THAT(Shown("tea milk Tea +tea \"a b\" \"a b\""), ElementsAre("tea^2", "milk", "+tea", "\"a@0 b@1\"^2"));
}

TEST(QueryParserTest, StopWordsLeaveGapsInPhrasesAndNothingElse) {
  EXPECT_THAT(Shown("the \"lord of the rings\" +the \"the\"", TextMode::kAny, "english"),
              ElementsAre("\"lord@0 ring@3\""));
}

TEST(QueryParserTest, AStopWordMayBeAPrefixOrFuzzy) {
  EXPECT_THAT(Shown("the* they~", TextMode::kAny, "english"), ElementsAre("the*", "they~1"));
}

TEST(QueryParserTest, PrefixAndFuzzyWordsAreFoldedNotStemmed) {
  EXPECT_THAT(Shown("Runnin* RÉSUMÉS~", TextMode::kAny, "english"), ElementsAre("runnin*", "resumes~2"));
  EXPECT_THAT(Shown("l'homm*", TextMode::kAny, "french"), ElementsAre("homm*"));
}

TEST(QueryParserTest, OddSyntaxIsText) {
  EXPECT_THAT(Shown("\""), IsEmpty());
  EXPECT_THAT(Shown("+"), IsEmpty());
  EXPECT_THAT(Shown("- tea"), ElementsAre("tea"));
  EXPECT_THAT(Shown("--tea +-tea -+tea"), ElementsAre("tea^3"));
  EXPECT_THAT(Shown("c++ c#"), ElementsAre("c^2"));
  EXPECT_THAT(Shown("\"unclosed tea"), ElementsAre("unclosed", "tea"));
  EXPECT_THAT(Shown("a*b a~b *x ~y"), ElementsAre("a^2", "b^2", "x", "y"));
  EXPECT_THAT(Shown("* ~ ** -* \"\" -\"\""), IsEmpty());
  EXPECT_THAT(Shown("tea~7"), ElementsAre("tea", "7"));
  EXPECT_THAT(Shown(""), IsEmpty());
}

TEST(QueryParserTest, ASignBeforeANumberBelongsToTheNumber) {
  EXPECT_THAT(Shown("-5 degrees +49 -.5"), ElementsAre("5^2", "degrees", "49"));
  EXPECT_THAT(Shown("-\"5\" -#work"), ElementsAre("-5", "-work"));
}

TEST(QueryParserTest, SignsInsideWordsAreText) {
  EXPECT_THAT(Shown("foo-bar x+y"), ElementsAre("foo", "bar", "x", "y"));
}

TEST(QueryParserTest, ASplitWordIsAPhraseWhereItCarriesAnOperator) {
  EXPECT_THAT(Shown("ann@example.com -ann@example.com foo-bar*"),
              ElementsAre("ann", "example.com", "-\"ann@0 example.com@1\"", "\"foo@0 bar@1\""));
}

TEST(QueryParserTest, CjkRunsArePairsAndPhrases) {
  EXPECT_THAT(Shown("中文字"), ElementsAre("中文", "文字"));
  EXPECT_THAT(Shown("\"中文字\" +中文字 -中文 中*"),
              ElementsAre("\"中文@0 文字@1\"", "+\"中文@0 文字@1\"", "-中文", "中*"));
}

TEST(QueryParserTest, EmojiAreWords) { EXPECT_THAT(Shown("🎉 -😀"), ElementsAre("🎉", "-😀")); }

TEST(QueryParserTest, TypographicQuotesAreQuotes) {
  EXPECT_THAT(Shown("“green tea” „x y“"), ElementsAre("\"green@0 tea@1\"", "\"x@0 y@1\""));
}

TEST(QueryParserTest, AWordMayFollowAQuoteAtOnce) { EXPECT_THAT(Shown("\"a b\"c"), ElementsAre("\"a@0 b@1\"", "c")); }

TEST(QueryParserTest, WhetherItRestricts) {
  EXPECT_FALSE(Parse("tea \"a b\" x*").restricts());
  EXPECT_TRUE(Parse("tea -milk").restricts());
  EXPECT_TRUE(Parse("tea", TextMode::kAll).restricts());
  EXPECT_TRUE(Parse("...").empty());
}

TEST(QueryParserTest, MoreThan1024DifferentWordsAreRefused) {
  std::string text;
  for (int i = 0; i < 1024; ++i) text += "w" + std::to_string(i) + " ";
  EXPECT_EQ(Parse(text + text).clauses.size(), 1024u);
  for (const TextMode mode : {TextMode::kAny, TextMode::kAll, TextMode::kPlain}) {
    const auto refused = ParseTextQuery(text + "more", mode, *MakeAnalyzer("standard"));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.status().code(), StatusCode::kInvalidArgument);
  }
}

TEST(QueryParserTest, EveryWordOfAPhraseCounts) {
  std::string words;
  for (int i = 0; i < 1024; ++i) words += i % 2 == 0 ? "user " : "says ";
  const std::string phrase = "\"" + words + "\"";
  EXPECT_EQ(Parse(phrase + " " + phrase).clauses.size(), 1u) << "written twice, it is one";
  for (const std::string& text : {"\"" + words + "more\"", phrase + " more", "-\"" + words + "more\""}) {
    EXPECT_FALSE(ParseTextQuery(text, TextMode::kAny, *MakeAnalyzer("standard")).ok());
  }
}

TEST(QueryParserTest, AHundredThousandRepeatedWordsAreOneClause) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "tea ";
  EXPECT_THAT(Shown(text), ElementsAre("tea^100000"));
}

TEST(QueryParserTest, AnyBytesParseAndTextWithoutOperatorsMeansTheSameInEveryMode) {
  const uint64_t seed = TestSeed(9);
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  static constexpr std::string_view kAll = "ab+-\"*~ 12.\xE4\xB8\xAD\xE2\x80\x9C@";
  for (int i = 0; i < 5000; ++i) {
    std::string odd;
    std::string plain;
    for (size_t n = random() % 20; n > 0; --n) {
      odd.push_back(kAll[random() % kAll.size()]);
      plain.push_back("abc é."[random() % 7]);
    }
    for (const TextMode mode : {TextMode::kAny, TextMode::kAll}) {
      for (const TextClause& clause : Parse(odd, mode).clauses) {
        ASSERT_FALSE(clause.terms.empty());
        ASSERT_EQ(clause.offsets.size(), clause.kind == Kind::kPhrase ? clause.terms.size() : 0u);
      }
    }
    ASSERT_EQ(Shown(plain, TextMode::kAny), Shown(plain, TextMode::kPlain)) << plain;
  }
}

}  // namespace
}  // namespace engram
