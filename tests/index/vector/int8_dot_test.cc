#include "index/vector/int8_dot.h"

#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "index/vector/int8_kernels.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

void ExpectAllAgree(const std::vector<int8_t>& a, const std::vector<int8_t>& b) {
  const int32_t expected = DotInt8Portable(a.data(), b.data(), a.size());
  for (const DotInt8Kernel& kernel : RunnableInt8Kernels()) {
    EXPECT_EQ(kernel.dot(a.data(), b.data(), a.size()), expected) << kernel.name << ", " << a.size() << " codes";
    if (kernel.dot_query == nullptr) continue;
    const int32_t sum = std::accumulate(a.begin(), a.end(), int32_t{0});
    EXPECT_EQ(kernel.dot_query(a.data(), sum, b.data(), a.size()), expected) << kernel.name;
  }
}

TEST(Int8DotTest, ThePortableLoopAddsProducts) {
  std::vector<int8_t> a(64, 0), b(64, 0);
  a[0] = 3, b[0] = -5, a[63] = 127, b[63] = 127;
  EXPECT_EQ(DotInt8Portable(a.data(), b.data(), 64), -15 + 127 * 127);
  EXPECT_EQ(DotInt8(a.data(), b.data(), 64), -15 + 127 * 127);
  EXPECT_EQ(Int8Query(a).Dot(b.data()), -15 + 127 * 127);
}

TEST(Int8DotTest, KernelsAgreeOnRandomCodes) {
  const uint64_t seed = TestSeed(11);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (size_t n = 64; n <= 4096; n += 64) {
    std::vector<int8_t> a(n), b(n);
    for (auto* codes : {&a, &b}) {
      for (int8_t& code : *codes) code = static_cast<int8_t>(static_cast<int>(random() % 255) - 127);
    }
    ExpectAllAgree(a, b);
  }
}

TEST(Int8DotTest, KernelsAgreeOnTheLargestSums) {
  for (const size_t n : {64, 4096, 65536}) {
    for (const int a : {-127, 127}) {
      for (const int b : {-127, 127}) {
        ExpectAllAgree(std::vector<int8_t>(n, static_cast<int8_t>(a)), std::vector<int8_t>(n, static_cast<int8_t>(b)));
      }
    }
  }
}

TEST(Int8DotTest, KernelsTakeAnyAlignment) {
  std::vector<int8_t> a(64 + 3), b(64 + 3);
  for (size_t i = 0; i < a.size(); ++i)
    a[i] = static_cast<int8_t>(i), b[i] = static_cast<int8_t>(5 - static_cast<int>(i));
  const int32_t expected = DotInt8Portable(a.data() + 1, b.data() + 3, 64);
  for (const DotInt8Kernel& kernel : RunnableInt8Kernels()) {
    EXPECT_EQ(kernel.dot(a.data() + 1, b.data() + 3, 64), expected) << kernel.name;
  }
}

}  // namespace
}  // namespace engram
