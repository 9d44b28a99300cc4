#include "server/rate_limiter.h"

#include <gtest/gtest.h>

namespace engram {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

Credential Limited(uint32_t tenant, std::optional<double> requests, std::optional<double> worker_ms = std::nullopt) {
  Credential credential;
  credential.tenant = TenantId(tenant);
  credential.requests_per_second = requests;
  credential.worker_ms_per_second = worker_ms;
  return credential;
}

TEST(RateLimiterTest, ABucketHoldsASecondAndFillsAtItsRate) {
  RateLimiter limiter;
  const Credential ann = Limited(1, 5);
  nanoseconds now = seconds(100);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(limiter.Admit(ann, now).ok()) << i;
  const Status refused = limiter.Admit(ann, now);
  EXPECT_EQ(refused.code(), StatusCode::kRateLimited);
  EXPECT_EQ(refused.retry_after_seconds(), 1U);
  now += milliseconds(200);
  EXPECT_TRUE(limiter.Admit(ann, now).ok());
  EXPECT_FALSE(limiter.Admit(ann, now).ok());
  now += seconds(1000);  // no more than a second's worth is saved up
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(limiter.Admit(ann, now).ok()) << i;
  EXPECT_FALSE(limiter.Admit(ann, now).ok());
}

TEST(RateLimiterTest, SlowRatesAllowOneAndSayHowLongToWait) {
  RateLimiter limiter;
  const Credential ann = Limited(1, 0.1);
  EXPECT_TRUE(limiter.Admit(ann, seconds(0)).ok());
  EXPECT_EQ(limiter.Admit(ann, seconds(0)).retry_after_seconds(), 10U);
  EXPECT_EQ(limiter.Admit(ann, seconds(4)).retry_after_seconds(), 6U);
  EXPECT_TRUE(limiter.Admit(ann, seconds(10)).ok());
}

TEST(RateLimiterTest, TenantsDoNotSlowEachOther) {
  RateLimiter limiter;
  EXPECT_TRUE(limiter.Admit(Limited(1, 1), seconds(0)).ok());
  EXPECT_FALSE(limiter.Admit(Limited(1, 1), seconds(0)).ok());
  EXPECT_TRUE(limiter.Admit(Limited(2, 1), seconds(0)).ok());
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(limiter.Admit(Limited(3, std::nullopt), seconds(0)).ok());
}

TEST(RateLimiterTest, WhoTookTooMuchTimeOfTheWorkersWaitsUntilItIsPaidBack) {
  RateLimiter limiter;
  const Credential ann = Limited(1, std::nullopt, 100);  // ms a second; a second is saved up
  EXPECT_TRUE(limiter.Admit(ann, seconds(0)).ok());
  limiter.Charge(TenantId(1), 100, milliseconds(900), seconds(0));
  EXPECT_TRUE(limiter.Admit(ann, seconds(0)).ok());
  limiter.Charge(TenantId(1), 100, milliseconds(400), seconds(0));
  const Status refused = limiter.Admit(ann, seconds(0));
  EXPECT_EQ(refused.code(), StatusCode::kRateLimited);
  EXPECT_EQ(refused.retry_after_seconds(), 3U);
  EXPECT_FALSE(limiter.Admit(ann, milliseconds(2900)).ok());
  EXPECT_TRUE(limiter.Admit(ann, seconds(3)).ok());
}

}  // namespace
}  // namespace engram
