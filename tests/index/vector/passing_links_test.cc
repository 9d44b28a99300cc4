// Every kernel that this processor runs against the plain loop.
#include "index/vector/passing_links.h"

#include <array>
#include <random>

#include <gtest/gtest.h>

#include "index/vector/slot_bits.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

TEST(PassingLinksTest, EveryKernelSeesWhatPasses) {
  std::mt19937_64 random(TestSeed(3));
  for (int round = 0; round < 300; ++round) {
    // Rows in a row of slots that begins anywhere, or with gaps between them.
    const uint32_t rows = 1 + static_cast<uint32_t>(random() % 5'000);
    const bool dense = round % 2 == 0;
    std::vector<uint32_t> slots(rows);
    uint32_t slot = static_cast<uint32_t>(random() % 100'000);
    for (uint32_t& of_row : slots) of_row = slot += dense ? 1 : 1 + static_cast<uint32_t>(random() % 20);
    SlotSet allowed;
    const uint64_t in_a_hundred = random() % 101;
    for (const uint32_t of_row : slots) {
      if (random() % 100 < in_a_hundred) allowed.add(of_row);
    }
    SlotBits bits;
    bits.Fill(allowed, Slot(slots.front()), Slot(slots.back()));
    const RowBits of_rows = {bits.words(), bits.origin(), dense ? nullptr : slots.data(), slots.front()};
    std::array<uint32_t, kGraphLinks0> links;
    links.fill(kNoLink);
    const size_t n = random() % (kGraphLinks0 + 1);
    uint32_t expected = 0;
    for (size_t i = 0; i < n; ++i) {
      links[i] = static_cast<uint32_t>(random() % rows);
      if (allowed.contains(slots[links[i]])) expected |= uint32_t{1} << i;
    }
    for (const PassingKernel& kernel : RunnablePassingKernels()) {
      EXPECT_EQ(kernel.mask(links.data(), of_rows), expected) << kernel.name << ", round " << round;
    }
    EXPECT_EQ(PassingLinks(links.data(), of_rows), expected);
  }
}

}  // namespace
}  // namespace engram
