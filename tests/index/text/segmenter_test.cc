#include "index/text/segmenter.h"

#include <random>
#include <sstream>

#include <gtest/gtest.h>

#include "index/text/utf8.h"
#include "tests/index/random_seed.h"
#include "tests/index/text/data_folder.h"

namespace engram {
namespace {

std::vector<std::string> Pieces(std::string_view text, WordRules rules = WordRules::kUax29) {
  const std::vector<uint32_t> boundaries = WordBoundaries(text, rules);
  std::vector<std::string> pieces;
  for (size_t i = 1; i < boundaries.size(); ++i) {
    pieces.emplace_back(text.substr(boundaries[i - 1], boundaries[i] - boundaries[i - 1]));
  }
  return pieces;
}

using Strings = std::vector<std::string>;

TEST(SegmenterTest, ApostrophesAndDotsHoldWordsAndNumbersTogether) {
  EXPECT_EQ(Pieces("can't 3.14 a.b"), (Strings{"can't", " ", "3.14", " ", "a.b"}));
  EXPECT_EQ(Pieces("a.1 'x'"), (Strings{"a", ".", "1", " ", "'", "x", "'"}));
}

TEST(SegmenterTest, AColonHoldsAWordTogetherOnlyByTheAnnex) {
  EXPECT_EQ(Pieces("topic:tea"), (Strings{"topic:tea"}));
  EXPECT_EQ(Pieces("topic:tea", WordRules::kColonBreaks), (Strings{"topic", ":", "tea"}));
}

TEST(SegmenterTest, FlagsPairUp) { EXPECT_EQ(Pieces("🇩🇪🇫🇷🇮"), (Strings{"🇩🇪", "🇫🇷", "🇮"})); }

TEST(SegmenterTest, EmptyTextHasNoBoundary) { EXPECT_TRUE(WordBoundaries("").empty()); }

TEST(SegmenterTest, InvalidBytesAreCharactersOfTheirOwn) {
  EXPECT_EQ(Pieces("a\xFF"
                   "b"),
            (Strings{"a", "\xFF", "b"}));
  EXPECT_EQ(Pieces("a\xE4"), (Strings{"a", "\xE4"}));
}

// "÷ 0061 × 0308 ÷ # …" as a text and its boundaries.
struct ConformanceCase {
  std::string text;
  std::vector<uint32_t> boundaries;
};

ConformanceCase ParseCase(const std::string& line) {
  ConformanceCase parsed;
  std::istringstream words(line.substr(0, line.find('#')));
  for (std::string word; words >> word;) {
    if (word == "÷") parsed.boundaries.push_back(static_cast<uint32_t>(parsed.text.size()));
    if (word == "÷" || word == "×") continue;
    AppendUtf8(static_cast<char32_t>(std::stoul(word, nullptr, 16)), &parsed.text);
  }
  return parsed;
}

TEST(SegmenterTest, PassesTheConformanceTestOfUnicode15) {
  ENGRAM_DATA_OR_SKIP(folder, "unicode_tests/15.0.0");
  size_t cases = 0;
  for (const std::string& line : ReadLines(folder + "/WordBreakTest.txt")) {
    const ConformanceCase expected = ParseCase(line);
    if (expected.text.empty()) continue;
    EXPECT_EQ(WordBoundaries(expected.text), expected.boundaries) << line;
    ++cases;
  }
  EXPECT_EQ(cases, 1823u);
}

std::string RandomText(std::mt19937_64* random, bool ascii_only) {
  static const std::vector<std::string> kBeyond = {"é",      "e\u0301", "א",      "ש", "カ",     "中",  "👩",
                                                   "\u200D", "🇩",       "\u2019", "٣", "\u00AD", "\xFF"};
  static constexpr std::string_view kBusy = "aZb09_'.,:;\" \n\r-";
  std::string text;
  for (size_t i = (*random)() % 24; i > 0; --i) {
    const uint64_t draw = (*random)();
    if (!ascii_only && draw % 4 == 0) {
      text += kBeyond[(draw >> 8) % kBeyond.size()];
    } else if (draw % 8 == 1) {
      text += static_cast<char>((draw >> 8) % 128);
    } else {
      text += kBusy[(draw >> 8) % kBusy.size()];
    }
  }
  return text;
}

void ExpectShortcutAgrees(const std::string& text, WordRules rules) {
  for (size_t at = 0; at < text.size();) {
    const size_t by_rules = NextWordBoundaryByRules(text, at, rules);
    ASSERT_EQ(NextWordBoundary(text, at, rules), by_rules) << testing::PrintToString(text) << " from " << at;
    at = by_rules;
  }
}

TEST(SegmenterTest, TheShortcutForAsciiGivesWhatTheRulesGive) {
  const uint64_t seed = TestSeed(1);
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 40000 && !testing::Test::HasFatalFailure(); ++i) {
    const std::string text = RandomText(&random, i % 2 == 0);
    ExpectShortcutAgrees(text, WordRules::kUax29);
    ExpectShortcutAgrees(text, WordRules::kColonBreaks);
  }
}

}  // namespace
}  // namespace engram
