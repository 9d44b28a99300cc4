#include "client/cpp/reply_status.h"

#include <gtest/gtest.h>

#include "engram/v1/value.pb.h"

namespace engram {
namespace {

TEST(ReplyStatusTest, KeepsEverythingTheServerSaid) {
  v1::ErrorReply body;
  v1::Error& error = *body.mutable_error();
  error.set_code("unprocessable");
  error.set_message("3 dimensions, not 384");
  error.set_field("memories[3].vector");
  error.set_applied("unknown");
  (*error.mutable_details())["expected"].set_string_value("384");
  (*error.mutable_details())["actual"].set_int_value(3);
  const Status status = ReplyStatus({422, "application/x-protobuf", body.SerializeAsString(), {}});
  EXPECT_EQ(status.code(), StatusCode::kUnprocessable);
  EXPECT_EQ(status.message(), "3 dimensions, not 384");
  EXPECT_EQ(status.field(), "memories[3].vector");
  EXPECT_EQ(status.applied(), Applied::kUnknown);
  ASSERT_EQ(status.details().size(), 2u);
  EXPECT_EQ(status.details()[0], std::make_pair(std::string("actual"), std::string("3")));
  EXPECT_EQ(status.details()[1], std::make_pair(std::string("expected"), std::string("384")));
}

TEST(ReplyStatusTest, RefusalsInJsonAreUnderstood) {
  const Status status =
      ReplyStatus({429, "application/json",
                   R"({"error":{"code":"rate_limited","message":"full","retryable":true,"applied":"no"}})", 7});
  EXPECT_EQ(status.code(), StatusCode::kRateLimited);
  EXPECT_EQ(status.applied(), Applied::kNo);
  EXPECT_EQ(status.retry_after_seconds(), 7u);
}

TEST(ReplyStatusTest, AProxysAnswerIsTheNearestCode) {
  const Status status = ReplyStatus({502, "text/html", "<h1>Bad Gateway</h1>", {}});
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(status.applied(), Applied::kUnknown);
  EXPECT_NE(status.message().find("Bad Gateway"), std::string::npos);
  EXPECT_EQ(ReplyStatus({404, "text/plain", "", {}}).code(), StatusCode::kNotFound);
}

TEST(ReplyStatusTest, SuccessIsOk) { EXPECT_TRUE(ReplyStatus({200, "text/plain", "ready\n", {}}).ok()); }

}  // namespace
}  // namespace engram
