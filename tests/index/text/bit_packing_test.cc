#include "index/text/bit_packing.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "tests/index/random_seed.h"

namespace engram {
namespace {

std::vector<uint32_t> RandomNumbers(uint32_t bits, std::mt19937_64* random) {
  std::vector<uint32_t> numbers(kPackedNumbers);
  for (uint32_t& number : numbers) number = static_cast<uint32_t>((*random)() & ((uint64_t{1} << bits) - 1));
  return numbers;
}

TEST(BitPackingTest, EveryKernelGivesTheNumbersBackAtEveryWidth) {
  const uint64_t seed = TestSeed(1);
  SCOPED_TRACE(testing::Message() << "ENGRAM_TEST_SEED=" << seed);
  std::mt19937_64 random(seed);
  for (uint32_t bits = 0; bits <= 32; ++bits) {
    const std::vector<uint32_t> numbers = RandomNumbers(bits, &random);
    std::string packed(PackedBytes(bits), '\0');  // no byte more, so that a sanitizer sees a read behind it
    PackBlock(numbers.data(), bits, packed.data());
    for (const UnpackKernels& kernels : RunnableUnpackKernels()) {
      SCOPED_TRACE(testing::Message() << kernels.name << " " << bits << " bits");
      std::vector<uint32_t> unpacked(kPackedNumbers, 7);
      kernels.block(packed.data(), bits, unpacked.data());
      ASSERT_EQ(unpacked, numbers);
      const auto before = static_cast<uint32_t>(random());
      kernels.ascending(packed.data(), bits, before, unpacked.data());
      uint32_t sum = before;
      for (size_t i = 0; i < kPackedNumbers; ++i) ASSERT_EQ(unpacked[i], sum += numbers[i] + 1) << i;
    }
  }
}

TEST(BitPackingTest, TheBytesAreThoseOfTheLayout) {
  std::vector<uint32_t> numbers(kPackedNumbers);
  numbers[0] = 5;   // lane 0, bits 0..2
  numbers[5] = 3;   // lane 1, bits 3..5
  numbers[43] = 7;  // lane 3, row 10: bits 30..32, so that one bit is in the second word
  std::string packed(PackedBytes(3), '\0');
  PackBlock(numbers.data(), 3, packed.data());
  std::string expected(48, '\0');
  expected[0] = 5;
  expected[4] = 3 << 3;
  expected[15] = static_cast<char>(0xC0);
  expected[28] = 1;
  EXPECT_EQ(packed, expected);
}

TEST(BitPackingTest, TheWidthIsThatOfTheWidestNumber) {
  std::vector<uint32_t> numbers(kPackedNumbers);
  EXPECT_EQ(PackedBits(numbers.data()), 0u);
  numbers[127] = 1;
  EXPECT_EQ(PackedBits(numbers.data()), 1u);
  numbers[3] = UINT32_MAX;
  EXPECT_EQ(PackedBits(numbers.data()), 32u);
}

}  // namespace
}  // namespace engram
