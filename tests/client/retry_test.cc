#include "client/cpp/retry.h"

#include <gtest/gtest.h>

namespace engram {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

RetryOptions Options() {
  RetryOptions options;
  options.attempts_max = 5;
  options.first_wait = milliseconds(100);
  options.longest_wait = milliseconds(300);
  return options;
}

constexpr milliseconds kLong{60'000};

TEST(RetryTest, WaitsGrowUntilTheLongest) {
  const Status busy = Unavailable("busy");
  EXPECT_EQ(WaitBeforeRetry(Options(), 1, busy, {}, kLong, 1.0), milliseconds(100));
  EXPECT_EQ(WaitBeforeRetry(Options(), 2, busy, {}, kLong, 1.0), milliseconds(200));
  EXPECT_EQ(WaitBeforeRetry(Options(), 3, busy, {}, kLong, 1.0), milliseconds(300));
  EXPECT_EQ(WaitBeforeRetry(Options(), 4, busy, {}, kLong, 1.0), milliseconds(300));
  EXPECT_EQ(WaitBeforeRetry(Options(), 5, busy, {}, kLong, 1.0), std::nullopt);
}

TEST(RetryTest, JitterTakesAnyPartOfTheWait) {
  EXPECT_EQ(WaitBeforeRetry(Options(), 1, RateLimited("busy"), {}, kLong, 0.0), milliseconds(0));
  EXPECT_EQ(WaitBeforeRetry(Options(), 1, RateLimited("busy"), {}, kLong, 0.5), milliseconds(50));
}

TEST(RetryTest, NeverComesBeforeTheServerAsked) {
  EXPECT_EQ(WaitBeforeRetry(Options(), 1, RateLimited("busy"), seconds(2), kLong, 0.0), milliseconds(2000));
  EXPECT_EQ(WaitBeforeRetry(Options(), 1, RateLimited("busy"), seconds(2), kLong, 1.0), milliseconds(2100));
}

TEST(RetryTest, GivesUpWhenTheWaitWouldOutlastTheTime) {
  EXPECT_EQ(WaitBeforeRetry(Options(), 1, RateLimited("busy"), seconds(2), milliseconds(1999), 0.0), std::nullopt);
}

TEST(RetryTest, OnlyABusyOrAbsentServerIsAskedAgain) {
  for (const Status& status : {InvalidArgument("x"), NotFound("x"), AlreadyExists("x"), FailedPrecondition("x"),
                               Unprocessable("x"), DeadlineExceeded("x"), Internal("x"), Corruption("x")}) {
    EXPECT_EQ(WaitBeforeRetry(Options(), 1, status, {}, kLong, 0.0), std::nullopt) << status.ToString();
  }
}

}  // namespace
}  // namespace engram
