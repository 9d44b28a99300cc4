#include "index/attribute/posting.h"

#include <random>
#include <set>

#include <gtest/gtest.h>

#include "tests/index/random_seed.h"

namespace engram {
namespace {

void ExpectHolds(const Posting& posting, const std::set<uint32_t>& twin) {
  ASSERT_EQ(posting.size(), twin.size());
  std::vector<uint32_t> seen;
  posting.ForEach([&](uint32_t slot) { seen.push_back(slot); });
  ASSERT_EQ(seen, std::vector<uint32_t>(twin.begin(), twin.end()));
  const SlotSet set = posting.ToSet();
  ASSERT_EQ(set.cardinality(), twin.size());
  ASSERT_EQ(posting.CountIn(set), twin.size());
  for (const uint32_t slot : twin) ASSERT_TRUE(posting.Contains(slot) && set.contains(slot));
}

TEST(PostingTest, AgreesWithASetThroughAllItsForms) {
  const uint64_t seed = TestSeed(5);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int round = 0; round < 20; ++round) {
    Posting posting;
    std::set<uint32_t> twin;
    for (int step = 0; step < 600; ++step) {
      const auto slot = static_cast<uint32_t>(random() % 120) * 40'000;
      const bool growing = step / 150 % 2 == 0;
      if (random() % 30 == 0) {
        std::set<uint32_t> more;
        for (size_t i = random() % 40; i > 0; --i) {
          const auto one = static_cast<uint32_t>(random() % 120) * 40'000;
          if (!twin.contains(one)) more.insert(one);
        }
        posting.AddMany({more.begin(), more.end()});
        twin.merge(more);
      } else if (random() % 10 < (growing ? 8U : 2U)) {
        ASSERT_EQ(posting.Add(slot), twin.insert(slot).second);
      } else {
        ASSERT_EQ(posting.Remove(slot), twin.erase(slot) == 1);
      }
      ASSERT_EQ(posting.Contains(slot), twin.contains(slot));
      ExpectHolds(posting, twin);
    }
  }
}

TEST(PostingTest, OneSlotCostsNothingBesideTheObject) {
  Posting posting;
  posting.Add(7);
  EXPECT_EQ(posting.MemoryBytes(), 0U);
  EXPECT_LE(sizeof(Posting), 24U);
}

TEST(PostingUnionTest, JoinsSmallAndLargePostings) {
  Posting large;
  for (uint32_t slot = 0; slot < 100; ++slot) large.Add(slot * 2);
  Posting small;
  small.Add(1);
  small.Add(4);
  PostingUnion both;
  both.Add(small);
  both.Add(large);
  both.Add(Posting());
  const SlotSet set = std::move(both).Take();
  EXPECT_EQ(set.cardinality(), 101U);
  EXPECT_TRUE(set.contains(1) && set.contains(198));
}

}  // namespace
}  // namespace engram
