#include "index/vector/slot_bits.h"

#include <random>

#include <gtest/gtest.h>

#include "tests/index/random_seed.h"

namespace engram {
namespace {

// Containers of all three kinds: sparse ones are arrays, dense ones bitmaps, and runs after runOptimize.
SlotSet Mixed(std::mt19937_64& random) {
  SlotSet set;
  for (uint32_t i = 0; i < 500; ++i) set.add(static_cast<uint32_t>(random() % 65'536));
  for (uint32_t slot = 65'536; slot < 2 * 65'536; ++slot) {
    if (random() % 3 == 0) set.add(slot);
  }
  for (uint32_t i = 0; i < 20; ++i) {
    const auto from = static_cast<uint32_t>(2 * 65'536 + random() % 60'000);
    set.addRange(from, from + random() % 3'000);
  }
  set.addRange(3 * 65'536 + 10, 4 * 65'536 + 10);
  return set;
}

TEST(SlotBitsTest, HoldWhatTheSetHolds) {
  const uint64_t seed = TestSeed(41);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  SlotBits bits;
  for (int round = 0; round < 10; ++round) {
    SlotSet set = Mixed(random);
    if (round % 2 == 1) set.runOptimize();
    const auto first = static_cast<uint32_t>(random() % 200'000);
    const uint32_t last = first + static_cast<uint32_t>(random() % 100'000);
    bits.Fill(set, Slot(first), Slot(last));
    for (uint32_t slot = first; slot <= last; ++slot) ASSERT_EQ(bits.Contains(slot), set.contains(slot)) << slot;
    auto next = set.begin();
    for (uint32_t slot = first; slot <= last; slot += 1 + static_cast<uint32_t>(random() % 500)) {
      next.equalorlarger(slot);
      const bool expected = next.i.has_value && *next <= last;
      uint32_t found = 0;
      ASSERT_EQ(bits.NextFrom(slot, &found), expected) << slot;
      if (expected) {
        ASSERT_EQ(found, *next);
      }
    }
  }
}

TEST(SlotBitsTest, TakesTheLastSlotThereIs) {
  SlotSet set;
  set.add(UINT32_MAX);
  set.add(UINT32_MAX - 70);
  SlotBits bits;
  bits.Fill(set, Slot(UINT32_MAX - 100), Slot(UINT32_MAX));
  EXPECT_TRUE(bits.Contains(UINT32_MAX));
  EXPECT_TRUE(bits.Contains(UINT32_MAX - 70));
  EXPECT_FALSE(bits.Contains(UINT32_MAX - 71));
  uint32_t found = 0;
  EXPECT_TRUE(bits.NextFrom(UINT32_MAX - 69, &found));
  EXPECT_EQ(found, UINT32_MAX);
}

}  // namespace
}  // namespace engram
