#include "bench/compare/load/histogram.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace engram::compare {
namespace {

using std::chrono::nanoseconds;

TEST(HistogramTest, KnowsNothingWhenEmpty) {
  EXPECT_EQ(Histogram().count(), 0U);
  EXPECT_EQ(Histogram().QuantileMs(0.5), 0);
}

TEST(HistogramTest, QuantilesAreThoseOfTheSortedLatenciesToAThousandth) {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> spread(12, 3);  // from below a microsecond to minutes
  std::vector<double> all;
  Histogram histogram;
  for (int i = 0; i < 20'000; ++i) {
    const auto ns = static_cast<int64_t>(spread(random));
    all.push_back(static_cast<double>(ns));
    histogram.Add(nanoseconds(ns));
  }
  std::sort(all.begin(), all.end());
  for (const double q : {0.001, 0.5, 0.95, 0.99, 0.9999, 1.0}) {
    const double exact = all[static_cast<size_t>(std::ceil(q * 20'000)) - 1] / 1e6;
    EXPECT_NEAR(histogram.QuantileMs(q), exact, exact / 1000 + 1e-6) << q;
  }
}

TEST(HistogramTest, AddingTwoIsAsIfAllWereCountedInOne) {
  Histogram a;
  Histogram b;
  Histogram both;
  for (int i = 1; i <= 1000; ++i) {
    (i % 3 == 0 ? a : b).Add(nanoseconds(i * 1000));
    both.Add(nanoseconds(i * 1000));
  }
  a.Add(b);
  EXPECT_EQ(a.count(), both.count());
  for (const double q : {0.1, 0.5, 0.99}) EXPECT_EQ(a.QuantileMs(q), both.QuantileMs(q));
  EXPECT_NEAR(a.MeanMs(), 0.5005, 1e-9);
}

}  // namespace
}  // namespace engram::compare
