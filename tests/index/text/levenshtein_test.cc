#include "index/text/levenshtein.h"

#include <random>

#include <gtest/gtest.h>

#include "index/text/utf8.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

// The definition, word for word.
uint32_t Naive(std::u32string_view a, std::u32string_view b) {
  if (a.empty() || b.empty()) return static_cast<uint32_t>(a.size() + b.size());
  const auto shorter = [](std::u32string_view s, size_t n) { return s.substr(0, s.size() - n); };
  uint32_t best = Naive(shorter(a, 1), shorter(b, 1)) + (a.back() == b.back() ? 0 : 1);
  best = std::min(best, Naive(shorter(a, 1), b) + 1);
  best = std::min(best, Naive(a, shorter(b, 1)) + 1);
  const bool swapped = a.size() > 1 && b.size() > 1 && a.back() == b[b.size() - 2] && b.back() == a[a.size() - 2];
  return swapped ? std::min(best, Naive(shorter(a, 2), shorter(b, 2)) + 1) : best;
}

std::string RandomWord(std::mt19937_64* random, size_t length_max) {
  static const std::vector<std::string> kLetters = {"a", "b", "é", "中"};
  std::string word;
  for (size_t i = (*random)() % (length_max + 1); i > 0; --i) word += kLetters[(*random)() % kLetters.size()];
  return word;
}

TEST(LevenshteinTest, CountsCharactersNotBytes) {
  EXPECT_EQ(EditDistance("café", "cafe"), 1u);
  EXPECT_EQ(EditDistance("中文", "文中"), 1u);
  EXPECT_EQ(EditDistance("ca", "abc"), 3u);  // no piece is edited twice
  EXPECT_EQ(EditDistance("", "abc"), 3u);
}

TEST(LevenshteinTest, EqualsTheDefinitionOnRandomWords) {
  const uint64_t seed = TestSeed(3);
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 3000; ++i) {
    const std::string a = RandomWord(&random, 5);
    const std::string b = RandomWord(&random, 5);
    EXPECT_EQ(EditDistance(a, b), Naive(DecodeAll(a), DecodeAll(b))) << a << " " << b;
  }
}

TEST(LevenshteinTest, ABeginningIsGivenUpOnlyWhenNoEndIsNear) {
  const uint64_t seed = TestSeed(4);
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20000; ++i) {
    const std::string a = RandomWord(&random, 7);
    const std::string b = RandomWord(&random, 7);
    const uint32_t limit = static_cast<uint32_t>(random() % 3);
    EditRows rows(DecodeAll(a), limit);
    bool given_up = false;
    for (size_t at = 0; at < b.size();) {
      rows.Push(DecodeUtf8(b, &at));
      given_up |= !rows.CanMatch();
    }
    if (given_up) {
      EXPECT_GT(EditDistance(a, b), limit) << a << " " << b;
    }
  }
}

TEST(LevenshteinTest, RowsAfterTruncationAreAsIfNothingElseWasPushed) {
  EditRows rows(U"abcd", 4);
  for (const char32_t c : std::u32string(U"abxy")) rows.Push(c);
  rows.Truncate(2);
  rows.Push(U'd');
  rows.Push(U'c');
  EXPECT_EQ(rows.Distance(), 1u);
}

TEST(LevenshteinTest, LongerWordsMayBeFurtherAway) {
  EXPECT_EQ(DefaultFuzzyDistance("ab"), 0u);
  EXPECT_EQ(DefaultFuzzyDistance("abc"), 1u);
  EXPECT_EQ(DefaultFuzzyDistance("ééééé"), 1u);
  EXPECT_EQ(DefaultFuzzyDistance("abcdef"), 2u);
}

}  // namespace
}  // namespace engram
