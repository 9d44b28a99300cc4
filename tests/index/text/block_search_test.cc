#include "index/text/block_search.h"

#include <algorithm>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "tests/index/random_seed.h"

namespace engram {
namespace {

class BlockSearchTest : public testing::Test {
 protected:
  // `size` ordinals, filled up; with the highest bit set in some.
  std::vector<uint32_t> RandomBlock(size_t size) {
    std::set<uint32_t> ordinals;
    const uint32_t range = size < 64 || random_() % 2 == 0 ? 0x7FFFFFFF : 300;
    while (ordinals.size() < size) ordinals.insert(static_cast<uint32_t>(random_()) % range);
    std::vector<uint32_t> block(ordinals.begin(), ordinals.end());
    block.resize(kPackedNumbers, UINT32_MAX);
    return block;
  }

  const uint64_t seed_ = TestSeed(6);
  testing::ScopedTrace trace_{__FILE__, __LINE__, "ENGRAM_TEST_SEED=" + std::to_string(seed_)};
  std::mt19937_64 random_{seed_};
};

TEST_F(BlockSearchTest, EveryKernelFindsTheFirstOrdinalThatIsNotBelow) {
  for (size_t size = 0; size <= kPackedNumbers; ++size) {
    const std::vector<uint32_t> block = RandomBlock(size);
    std::vector<uint32_t> wanted{0, 1, 0x7FFFFFFE, 0x7FFFFFFF, 0x80000000, UINT32_MAX};
    for (size_t i = 0; i < size; ++i) {
      for (const uint32_t near : {block[i] - 1, block[i], block[i] + 1}) wanted.push_back(near);
    }
    for (const BlockSearchKernels& kernels : RunnableBlockSearchKernels()) {
      for (const uint32_t ordinal : wanted) {
        const auto expected = std::lower_bound(block.begin(), block.end(), ordinal) - block.begin();
        ASSERT_EQ(kernels.below(block.data(), ordinal), expected) << kernels.name << " " << ordinal;
      }
    }
  }
}

TEST_F(BlockSearchTest, EveryKernelFindsTheSameTextsInABlock) {
  for (size_t size = 0; size <= kPackedNumbers; ++size) {
    const std::vector<uint32_t> block = RandomBlock(size);
    std::vector<uint32_t> texts;
    for (size_t i = 0; i < size; ++i) {
      if (random_() % 3 == 0) texts.push_back(block[i]);
      if (random_() % 3 == 0) texts.push_back(block[i] + 1);
    }
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
    std::vector<uint32_t> expected;
    for (uint32_t i = 0; i < texts.size(); ++i) {
      if (std::binary_search(block.begin(), block.end(), texts[i])) expected.push_back(i);
    }
    for (const BlockSearchKernels& kernels : RunnableBlockSearchKernels()) {
      SCOPED_TRACE(testing::Message() << kernels.name << " " << size);
      std::vector<uint32_t> found(texts.size() + 1);
      std::vector<uint32_t> places(texts.size() + 1);
      const size_t count = kernels.common(block.data(), texts.data(), texts.size(), found.data(), places.data());
      found.resize(count);
      ASSERT_EQ(found, expected);
      for (size_t i = 0; i < count; ++i) ASSERT_EQ(block[places[i]], texts[found[i]]);
    }
  }
}

}  // namespace
}  // namespace engram
