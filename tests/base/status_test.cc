#include "base/status.h"

#include <set>

#include <gtest/gtest.h>

namespace engram {
namespace {

Result<int> Half(int v) {
  if (v % 2 != 0) return InvalidArgument("odd: " + std::to_string(v));
  return v / 2;
}

Result<int> Quarter(int v) {
  ASSIGN_OR_RETURN(const int half, Half(v));
  ASSIGN_OR_RETURN(const int quarter, Half(half));
  return quarter;
}

Status CheckEven(int v) {
  RETURN_IF_ERROR(Half(v).status());
  return {};
}

TEST(StatusTest, OkIsEmpty) {
  const Status ok;
  EXPECT_TRUE(ok.ok());
  EXPECT_EQ(ok.code(), StatusCode::kOk);
  EXPECT_EQ(ok.message(), "");
  EXPECT_EQ(ok.ToString(), "ok");
  EXPECT_FALSE(ok.retryable());
  EXPECT_TRUE(Status(StatusCode::kOk, "words").ok());
}

TEST(StatusTest, ACopyIsIndependentOfTheOriginal) {
  Status original = NotFound("no memory");
  const Status copy = original;
  original = Status();
  EXPECT_EQ(copy.message(), "no memory");
  EXPECT_TRUE(original.ok());
}

TEST(StatusTest, TheFieldGrowsOnTheWayUp) {
  const Status status = Unprocessable("wrong dimension").At("vector").Under("memories[3]").Under("request");
  EXPECT_EQ(status.field(), "request.memories[3].vector");
  EXPECT_EQ(Unprocessable("x").At("[2]").Under("values").field(), "values[2]");
  EXPECT_EQ(Unprocessable("x").Under("filter").field(), "filter");
  EXPECT_EQ(status.ToString(), "unprocessable: wrong dimension (field: request.memories[3].vector)");
}

TEST(StatusTest, DetailsAndTheRestOfTheBuildersStay) {
  const Status status = Unavailable("loading").With("position", "7").RetryAfter(5).MarkApplied(Applied::kUnknown);
  ASSERT_EQ(status.details().size(), 1u);
  EXPECT_EQ(status.details()[0].second, "7");
  EXPECT_EQ(status.retry_after_seconds(), 5u);
  EXPECT_EQ(status.applied(), Applied::kUnknown);
}

TEST(StatusTest, OnlyWhatMayPassIsRetryable) {
  EXPECT_TRUE(Unavailable("x").retryable());
  EXPECT_TRUE(RateLimited("x").retryable());
  EXPECT_TRUE(DeadlineExceeded("x").retryable());
  EXPECT_FALSE(InvalidArgument("x").retryable());
  EXPECT_FALSE(Corruption("x").retryable());
  EXPECT_EQ(RateLimited("x").retry_after_seconds(), 1u);
  EXPECT_EQ(InvalidArgument("x").retry_after_seconds(), std::nullopt);
}

TEST(StatusTest, AnErrorChangedNothingUnlessItSaysSo) {
  EXPECT_EQ(Unavailable("x").applied(), Applied::kNo);
  EXPECT_EQ(Status().applied(), Applied::kYes);
}

TEST(StatusTest, EachCodeHasItsOwnName) {
  std::set<std::string_view> names;
  for (int code = 0; code < static_cast<int>(StatusCode::kCorruption); ++code) {
    names.insert(StatusCodeName(static_cast<StatusCode>(code)));
  }
  EXPECT_EQ(names.size(), static_cast<size_t>(StatusCode::kCorruption));
  EXPECT_EQ(StatusCodeName(StatusCode::kCorruption), "internal");
}

TEST(ResultTest, HoldsTheValueOrTheReason) {
  EXPECT_EQ(*Half(4), 2);
  EXPECT_TRUE(Half(4).status().ok());
  EXPECT_EQ(Half(3).status().message(), "odd: 3");
}

TEST(ResultTest, TheMacrosStopAtTheFirstError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).status().message(), "odd: 3");
  EXPECT_EQ(Quarter(5).status().message(), "odd: 5");
  EXPECT_TRUE(CheckEven(2).ok());
  EXPECT_FALSE(CheckEven(1).ok());
}

TEST(ResultTest, MovesWhatCantBeCopied) {
  Result<std::unique_ptr<int>> result(std::make_unique<int>(7));
  const std::unique_ptr<int> value = std::move(result).value();
  EXPECT_EQ(*value, 7);
}

TEST(ResultDeathTest, TheValueOfAnErrorIsABugOfOurs) {
  EXPECT_DEATH((void)Half(1).value(), "check failed at .*status.h");
  EXPECT_DEATH((void)Result<int>{Status()}, "check failed");
}

TEST(CheckDeathTest, AFailedCheckNamesItsPlaceAndCondition) {
  const int size = 3;
  ENGRAM_CHECK(size == 3);
  EXPECT_DEATH(ENGRAM_CHECK(size == 4), "check failed at .*status_test.cc:[0-9]+: size == 4");
}

}  // namespace
}  // namespace engram
