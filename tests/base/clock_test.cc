#include "base/clock.h"

#include <gtest/gtest.h>

namespace engram {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

TEST(ClockTest, ManualClockStandsStillUntilItIsMoved) {
  ManualClock clock(Timestamp::FromSeconds(100));
  EXPECT_EQ(clock.Now(), Timestamp::FromSeconds(100));
  clock.Advance(microseconds(5));
  EXPECT_EQ(clock.Now(), Timestamp{100'000'005});
  EXPECT_EQ(clock.Monotonic(), nanoseconds(5000));
}

TEST(ClockTest, AJumpOfTheWallClockLeavesDurationsAlone) {
  ManualClock clock(Timestamp::FromSeconds(100));
  clock.JumpTo(Timestamp::FromSeconds(1));
  EXPECT_EQ(clock.Now(), Timestamp::FromSeconds(1));
  EXPECT_EQ(clock.Monotonic(), nanoseconds(0));
}

TEST(ClockTest, TheRealClockIsPastTheDayThisWasWrittenAndItsDurationsNeverGoBack) {
  EXPECT_GT(Clock::Real().Now(), Timestamp::FromSeconds(1'700'000'000));
  const nanoseconds before = Clock::Real().Monotonic();
  EXPECT_GE(Clock::Real().Monotonic(), before);
}

}  // namespace
}  // namespace engram
