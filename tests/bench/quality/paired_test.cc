#include "bench/quality/paired.h"

#include <gtest/gtest.h>

namespace engram::quality {
namespace {

TEST(PairedTest, EverySetWeighsTheSame) {
  const PairedGain gain = ComparePaired({{1, 1, 1, 1}, {0, 0.5}, {}});
  EXPECT_DOUBLE_EQ(gain.gain, (1 + 0.25) / 2);
}

TEST(PairedTest, AGainOfEveryQueryIsNoChance) {
  const PairedGain gain = ComparePaired({std::vector<double>(20, 0.125)});
  EXPECT_DOUBLE_EQ(gain.low, 0.125);
  EXPECT_DOUBLE_EQ(gain.high, 0.125);
  EXPECT_LT(gain.p, 0.001);
}

TEST(PairedTest, LossesOfThatSizeMakeItOne) {
  std::vector<double> differences(20, 0.125);
  for (size_t i = 0; i < 9; ++i) differences[i] = -0.125;
  const PairedGain gain = ComparePaired({differences});
  EXPECT_LT(gain.low, 0);
  EXPECT_GT(gain.high, gain.gain);
  EXPECT_GT(gain.p, 0.5);
}

TEST(PairedTest, TheIntervalIsThatOfTheMean) {
  // 100 draws of 0 or 1 in equal parts: the mean's deviation is 0.05, and 1.96 of them are 0.098.
  std::vector<double> differences(100, 0);
  for (size_t i = 0; i < 50; ++i) differences[i] = 1;
  const PairedGain gain = ComparePaired({differences});
  EXPECT_NEAR(gain.low, 0.402, 0.015);
  EXPECT_NEAR(gain.high, 0.598, 0.015);
}

TEST(PairedTest, AsManySignsAsGiveAsMuch) {
  // Of the 8 ways to sign three equal differences 2 give as much.
  EXPECT_NEAR(ComparePaired({{1, 1, 1}}).p, 0.25, 0.02);
}

TEST(PairedTest, NoDifferenceIsNoGain) {
  const PairedGain gain = ComparePaired({{0, 0, 0}});
  EXPECT_EQ(gain.gain, 0);
  EXPECT_EQ(gain.p, 1);
  EXPECT_EQ(ComparePaired({}).p, 1);
}

}  // namespace
}  // namespace engram::quality
