// What the client does about a server that is busy, away or gone, without a server.
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "client/cpp/client.h"

namespace engram {
namespace {

using std::chrono::milliseconds;

struct Script {
  std::deque<Result<WireReply>> replies;
  std::vector<WireRequest> seen;
  std::vector<milliseconds> waits;
};

class ScriptedTransport final : public Transport {
 public:
  explicit ScriptedTransport(Script& script) : script_(script) {}
  Result<WireReply> Send(const WireRequest& request, Deadline) override {
    script_.seen.push_back(request);
    auto reply = std::move(script_.replies.front());
    script_.replies.pop_front();
    return reply;
  }

 private:
  Script& script_;
};

Client MakeClient(Script& script) {
  ClientOptions options;
  options.retry.attempts_max = 3;
  options.retry.sleep = [&script](milliseconds wait) { script.waits.push_back(wait); };
  options.retry.jitter = [] { return 0.5; };
  return {std::make_unique<ScriptedTransport>(script), options};
}

WireReply Written() { return {200, "application/x-protobuf", v1::WriteReply().SerializeAsString(), {}}; }
WireReply Busy(uint32_t seconds) {
  return {429, "application/json", R"({"error":{"code":"rate_limited","message":"full","applied":"no"}})", seconds};
}
Status Lost() { return Unavailable("connection lost").MarkApplied(Applied::kUnknown); }
Status Refused() { return Unavailable("connection refused").MarkApplied(Applied::kNo); }

TEST(ClientRetryTest, ARepeatedWriteHasTheSameIdempotencyKey) {
  Script script{{Lost(), Busy(1), Written()}, {}, {}};
  Client client = MakeClient(script);
  ASSERT_TRUE(client.Write("ns", {}).ok());
  ASSERT_EQ(script.seen.size(), 3u);
  EXPECT_FALSE(script.seen[0].idempotency_key.empty());
  EXPECT_EQ(script.seen[0].idempotency_key, script.seen[1].idempotency_key);
  EXPECT_EQ(script.seen[0].idempotency_key, script.seen[2].idempotency_key);
  EXPECT_EQ(script.waits, (std::vector<milliseconds>{milliseconds(25), milliseconds(1050)}));
}

TEST(ClientRetryTest, DifferentWritesHaveDifferentKeysAndReadsHaveNone) {
  Script script{{Written(), Written(), WireReply{200, "application/x-protobuf", "", {}}}, {}, {}};
  Client client = MakeClient(script);
  ASSERT_TRUE(client.Write("ns", {}).ok());
  ASSERT_TRUE(client.Write("ns", {}).ok());
  ASSERT_TRUE(client.Search("ns", {}).ok());
  EXPECT_NE(script.seen[0].idempotency_key, script.seen[1].idempotency_key);
  EXPECT_EQ(script.seen[2].idempotency_key, "");
}

TEST(ClientRetryTest, TheCallersOwnKeyAndDurabilityGoOut) {
  Script script{{Written()}, {}, {}};
  Client client = MakeClient(script);
  ASSERT_TRUE(client.Write("ns", {}, {.timeout = {}, .idempotency_key = "mine", .buffered = true}).ok());
  EXPECT_EQ(script.seen[0].idempotency_key, "mine");
  EXPECT_EQ(script.seen[0].target, "/v1/namespaces/ns/memories?durability=buffered");
}

TEST(ClientRetryTest, AnEarlierLossIsNotForgottenWhenTheServerIsGone) {
  Script script{{Lost(), Refused(), Refused()}, {}, {}};
  Client client = MakeClient(script);
  const auto reply = client.Write("ns", {});
  EXPECT_EQ(reply.status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(reply.status().applied(), Applied::kUnknown);
}

TEST(ClientRetryTest, NothingAppliedWhenNothingEverArrived) {
  Script script{{Refused(), Refused(), Refused()}, {}, {}};
  Client client = MakeClient(script);
  EXPECT_EQ(client.Write("ns", {}).status().applied(), Applied::kNo);
}

TEST(ClientRetryTest, TheCallersMistakeIsToldAtOnce) {
  Script script{
      {WireReply{404, "application/json", R"({"error":{"code":"not_found","message":"no","applied":"no"}})", {}}},
      {},
      {}};
  Client client = MakeClient(script);
  EXPECT_EQ(client.GetMemory("ns", "a").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(script.seen.size(), 1u);
}

TEST(ClientRetryTest, LargeBodiesAreCompressedAndSmallOnesAreNot) {
  Script script{{Written(), Written()}, {}, {}};
  Client client = MakeClient(script);
  v1::WriteRequest request;
  request.add_memories()->set_text("short");
  ASSERT_TRUE(client.Write("ns", request).ok());
  request.mutable_memories(0)->set_text(std::string(100'000, 'x'));
  ASSERT_TRUE(client.Write("ns", request).ok());
  EXPECT_FALSE(script.seen[0].snappy);
  EXPECT_TRUE(script.seen[1].snappy);
  EXPECT_LT(script.seen[1].body.size(), 20'000u);
}

}  // namespace
}  // namespace engram
