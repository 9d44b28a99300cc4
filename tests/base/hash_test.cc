#include "base/hash.h"

#include <random>
#include <set>

#include <gtest/gtest.h>

#include "base/testing/test_seed.h"

namespace engram {
namespace {

__extension__ using Wide = unsigned __int128;

Wide ToWide(const Hash128& h) { return (Wide{h.high} << 64) | h.low; }

TEST(HashTest, KnownValuesNeverChange) {
  // XXH3's published value for the empty input with seed 0.
  EXPECT_EQ(HashBytes128("").ToHex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(HashBytes64(""), 0x2d06800538d394c2u);
}

TEST(HashTest, DifferentBytesHaveDifferentHashes) {
  std::set<Hash128> seen;
  for (int i = 0; i < 10'000; ++i) seen.insert(HashBytes128(std::to_string(i)));
  EXPECT_EQ(seen.size(), 10'000u);
}

TEST(HashTest, SumsAreTheArithmeticOf128Bits) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedTrace(seed));
  std::mt19937_64 random(seed);
  for (int i = 0; i < 10'000; ++i) {
    const Hash128 a{random(), random()};
    const Hash128 b{random(), random()};
    Hash128 sum = a;
    sum += b;
    ASSERT_TRUE(ToWide(sum) == ToWide(a) + ToWide(b));
    Hash128 difference = a;
    difference -= b;
    ASSERT_TRUE(ToWide(difference) == ToWide(a) - ToWide(b));
  }
}

TEST(HashTest, ASumCarriesIntoTheHighHalf) {
  Hash128 sum{0, UINT64_MAX};
  sum += Hash128{0, 1};
  EXPECT_EQ(sum, (Hash128{1, 0}));
  sum -= Hash128{0, 1};
  EXPECT_EQ(sum, (Hash128{0, UINT64_MAX}));
}

TEST(HashTest, TheOrderOfASumDoesNotMatterAndEachPartCanBeTakenBack) {
  const Hash128 a = HashBytes128("a");
  const Hash128 b = HashBytes128("b");
  const Hash128 c = HashBytes128("c");
  Hash128 forwards;
  for (const Hash128& h : {a, b, c}) forwards += h;
  Hash128 backwards;
  for (const Hash128& h : {c, b, a}) backwards += h;
  EXPECT_EQ(forwards, backwards);
  for (const Hash128& h : {b, a, c}) forwards -= h;
  EXPECT_EQ(forwards, Hash128());
}

TEST(HashTest, HexIsHighHalfFirstAndPadded) {
  EXPECT_EQ((Hash128{0x1, 0xabc}).ToHex(), "00000000000000010000000000000abc");
}

}  // namespace
}  // namespace engram
