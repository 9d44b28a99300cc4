#include "server/error.h"

#include <set>

#include <gtest/gtest.h>

#include "engram/v1/value.pb.h"

namespace engram {
namespace {

TEST(ErrorTest, AnErrorShowsWhatItsStatusSays) {
  v1::Error error;
  FillError(Unprocessable("wrong dimension").At("memories[3].vector").With("expected", "384").With("got", "3"), &error);
  EXPECT_EQ(error.code(), "unprocessable");
  EXPECT_EQ(error.message(), "wrong dimension");
  EXPECT_EQ(error.field(), "memories[3].vector");
  EXPECT_EQ(error.applied(), "no");
  EXPECT_FALSE(error.retryable());
  EXPECT_EQ(error.details().at("expected").string_value(), "384");
}

TEST(ErrorTest, WhatFailedInsideStaysInside) {
  v1::Error error;
  FillError(Internal("/data/000123.sst is gone").At("path").With("key", "secret"), &error);
  EXPECT_EQ(error.code(), "internal");
  EXPECT_EQ(error.message(), "the server failed; its log says why");
  EXPECT_EQ(error.field(), "");
  EXPECT_TRUE(error.details().empty());
}

TEST(ErrorTest, DamageSaysWhatToDoAndNotWhereItIs) {
  v1::Error error;
  FillError(Corruption("/data/000123.sst: block 7").At("path").With("key", "secret"), &error);
  EXPECT_EQ(error.code(), "unavailable");
  EXPECT_EQ(error.message().find("000123"), std::string::npos);
  EXPECT_NE(error.message().find("engram verify"), std::string::npos);
  EXPECT_EQ(error.field(), "");
  EXPECT_TRUE(error.details().empty());
  EXPECT_EQ(HttpStatus(StatusCode::kCorruption), 503);
}

TEST(ErrorTest, AppliedIsTold) {
  v1::Error error;
  FillError(DeadlineExceeded("too late").MarkApplied(Applied::kUnknown), &error);
  EXPECT_EQ(error.applied(), "unknown");
  EXPECT_TRUE(error.retryable());
}

TEST(ErrorTest, RetryAfterIsAHeader) {
  const HttpResponse response = ErrorResponse(RateLimited("full").RetryAfter(7));
  EXPECT_EQ(response.status, 429);
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0].second, "7");
}

TEST(ErrorTest, EveryCodeButCorruptionHasAStatusOfItsOwn) {
  std::set<int> statuses;
  for (int code = 0; code < static_cast<int>(StatusCode::kCorruption); ++code) {
    statuses.insert(HttpStatus(static_cast<StatusCode>(code)));
  }
  EXPECT_EQ(statuses.size(), static_cast<size_t>(StatusCode::kCorruption));
}

}  // namespace
}  // namespace engram
