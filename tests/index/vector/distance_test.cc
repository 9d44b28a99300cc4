#include "index/vector/distance.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "index/vector/distance_kernels.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

struct Exact {
  double value = 0;
  double magnitude = 0;  // the sum of the terms' magnitudes: what rounding errors are relative to
};

Exact ExactDot(const float* a, const float* b, size_t n) {
  Exact sum;
  for (size_t i = 0; i < n; ++i) {
    sum.value += double{a[i]} * double{b[i]};
    sum.magnitude += std::abs(double{a[i]} * double{b[i]});
  }
  return sum;
}

Exact ExactSquaredL2(const float* a, const float* b, size_t n) {
  Exact sum;
  for (size_t i = 0; i < n; ++i) sum.value += std::pow(double{a[i]} - double{b[i]}, 2);
  sum.magnitude = sum.value;
  return sum;
}

double Tolerance(const Exact& exact, size_t n) {
  // What is lost below the smallest float is no relative error.
  const double underflow = static_cast<double>(n) * std::numeric_limits<float>::denorm_min();
  return static_cast<double>(n) * 0x1p-23 * exact.magnitude + underflow;
}

void ExpectWithinTolerance(const DistanceKernels& kernels, const float* a, const float* b, size_t n) {
  SCOPED_TRACE(testing::Message() << kernels.name << ", n = " << n);
  const Exact dot = ExactDot(a, b, n);
  EXPECT_NEAR(kernels.dot(a, b, n), dot.value, Tolerance(dot, n));
  const Exact squared = ExactSquaredL2(a, b, n);
  EXPECT_NEAR(kernels.squared_l2(a, b, n), squared.value, Tolerance(squared, n));
  EXPECT_EQ(kernels.dot(a, b, n), kernels.dot(b, a, n));
  EXPECT_EQ(kernels.squared_l2(a, b, n), kernels.squared_l2(b, a, n));
}

std::vector<size_t> Lengths() {
  std::vector<size_t> lengths;
  for (size_t n = 1; n <= 300; ++n) lengths.push_back(n);
  lengths.push_back(4095);
  lengths.push_back(4096);
  return lengths;
}

class DistanceKernelTest : public testing::TestWithParam<DistanceKernels> {};

TEST_P(DistanceKernelTest, AgreesWithExactArithmeticForEveryLengthAndAlignment) {
  const uint64_t seed = TestSeed(1);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  for (const size_t n : Lengths()) {
    std::vector<float> a(n + 3);
    std::vector<float> b(n + 3);
    for (float& v : a) v = normal(random);
    for (float& v : b) v = normal(random);
    ExpectWithinTolerance(GetParam(), a.data(), b.data(), n);
    ExpectWithinTolerance(GetParam(), a.data() + 1, b.data() + 3, n);
    ExpectWithinTolerance(GetParam(), a.data() + 2, b.data() + 2, n);
  }
}

TEST_P(DistanceKernelTest, ReadsNothingBeyondTheEnd) {
  for (const size_t n : Lengths()) {
    std::vector<float> a(n + 64, std::numeric_limits<float>::quiet_NaN());
    std::vector<float> b = a;
    std::fill_n(a.begin(), n, 1.0F);
    std::fill_n(b.begin(), n, 3.0F);
    ASSERT_EQ(GetParam().dot(a.data(), b.data(), n), 3.0F * static_cast<float>(n));
    ASSERT_EQ(GetParam().squared_l2(a.data(), b.data(), n), 4.0F * static_cast<float>(n));
  }
}

TEST_P(DistanceKernelTest, SurvivesDenormalsAndBigMagnitudes) {
  const uint64_t seed = TestSeed(2);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<float> unit(-1, 1);
  for (const float scale : {1e-45F, 1e-38F, 1e-20F, 1e-19F, 1e15F, 1e17F}) {
    for (const size_t n : {1U, 7U, 16U, 50U, 384U, 1023U}) {
      std::vector<float> a(n);
      std::vector<float> b(n);
      for (float& v : a) v = unit(random) * scale;
      for (float& v : b) v = unit(random) * scale;
      SCOPED_TRACE(testing::Message() << "scale " << scale);
      ExpectWithinTolerance(GetParam(), a.data(), b.data(), n);
    }
  }
}

TEST_P(DistanceKernelTest, OfNothingIsZero) {
  EXPECT_EQ(GetParam().dot(nullptr, nullptr, 0), 0.0F);
  EXPECT_EQ(GetParam().squared_l2(nullptr, nullptr, 0), 0.0F);
}

INSTANTIATE_TEST_SUITE_P(Kernels, DistanceKernelTest, testing::ValuesIn(RunnableKernels()),
                         [](const auto& kernels) { return std::string(kernels.param.name); });

TEST(DistanceTest, TheFastestRunnableKernelIsUsed) {
  EXPECT_EQ(DistanceKernel(), RunnableKernels().front().name);
  EXPECT_EQ(RunnableKernels().back().name, "portable");
  const std::vector<float> a(100, 0.1F);
  EXPECT_EQ(Dot(a.data(), a.data(), 100), RunnableKernels().front().dot(a.data(), a.data(), 100));
}

TEST(DistanceTest, MetricsAreNamedAsTheApiNamesThem) {
  EXPECT_EQ(MetricName(Metric::kCosine), "cosine");
  EXPECT_EQ(MetricName(Metric::kDot), "dot");
  EXPECT_EQ(MetricName(Metric::kL2), "l2");
}

}  // namespace
}  // namespace engram
