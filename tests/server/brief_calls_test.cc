// What runs on the connection's own thread because calls like it were brief, and what happens when it isn't.
#include "server/brief_calls.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "server/error.h"
#include "server/server.h"
#include "tests/server/http_server.h"
#include "tests/server/raw_client.h"

namespace engram {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(BriefCallsTest, WhatWasBriefIsExpectedToBeForAMoment) {
  BriefCalls calls;
  const seconds now{100};
  EXPECT_FALSE(calls.Expect(7, now));
  calls.Note(7, microseconds(100), now);
  EXPECT_TRUE(calls.Expect(7, now));
  EXPECT_TRUE(calls.Expect(7, now + milliseconds(900)));
  EXPECT_FALSE(calls.Expect(7, now + milliseconds(1'100)));
  EXPECT_FALSE(calls.Expect(8, now));
}

TEST(BriefCallsTest, ALongOneIsForgottenByHalves) {
  BriefCalls calls;
  const seconds now{100};
  calls.Note(7, milliseconds(8), now);
  int calls_until_brief = 0;
  while (!calls.Expect(7, now) && calls_until_brief < 100) {
    calls.Note(7, microseconds(10), now);
    ++calls_until_brief;
  }
  EXPECT_EQ(calls_until_brief, 4);
  calls.Note(7, seconds(10), now);  // more than an entry can hold
  EXPECT_FALSE(calls.Expect(7, now));
}

TEST(BriefCallsTest, CallsThatMeetInAnEntryAreToldApart) {
  BriefCalls calls;
  const seconds now{100};
  const uint64_t one = uint64_t{1} << 40;
  const uint64_t other = uint64_t{2} << 40;
  calls.Note(one, microseconds(10), now);
  EXPECT_FALSE(calls.Expect(other, now));
  calls.Note(other, microseconds(10), now);
  EXPECT_TRUE(calls.Expect(other, now));
  EXPECT_FALSE(calls.Expect(one, now));
}

class BriefRouteTest : public testing::Test {
 protected:
  BriefRouteTest() {
    Router router;
    router.Add({.method = "GET",
                .pattern = "/v1/cheap",
                .right = Right::kRead,
                .cost = Cost::kCheap,
                .handler = [this](RequestContext&, const Respond& respond) { Answer(respond); }});
    router.Add({.method = "GET",
                .pattern = "/v1/read/{ns}",
                .right = Right::kRead,
                .cost = Cost::kByHistory,
                .handler = [this](RequestContext& context, const Respond& respond) {
                  if (!long_) return Answer(respond);
                  // It takes a second, and looks at its deadline meanwhile.
                  ++long_runs_;
                  if (context.Deadline() - context.clock().Monotonic() > seconds(1)) return Answer(respond);
                  while (context.clock().Monotonic() < context.Deadline())
                    std::this_thread::sleep_for(microseconds(50));
                  respond(ErrorResponse(context, DeadlineExceeded("it takes longer")));
                }});
    auto server = Server::Start(TestOptions());
    EXPECT_TRUE(server.ok());
    server_ = std::move(*server);
    server_->Open(std::move(router), std::make_shared<OpenAuthenticator>(TenantId(1), "default"));
    client_.emplace(server_->port());
    EXPECT_EQ(Get("/v1/cheap"), 200);
    own_ = thread_;
  }

  void Answer(const Respond& respond) {
    thread_ = std::this_thread::get_id();
    respond(HttpResponse{200, "text/plain", "read", {}});
  }
  int Get(const std::string& path) {
    const auto reply = client_->Call(HttpText("GET", path));
    return reply ? static_cast<int>(reply->status) : 0;
  }
  bool RanOnTheConnectionsThread() const { return thread_.load() == own_; }
  // A busy machine may interrupt a call for longer than a brief one takes.
  void ReadUntilBrief() {
    for (int i = 0; i < 1'000; ++i) {
      ASSERT_EQ(Get("/v1/read/a"), 200);
      if (RanOnTheConnectionsThread()) return;
    }
    FAIL() << "no call was expected to be brief";
  }

  std::atomic<bool> long_ = false;
  std::atomic<int> long_runs_ = 0;
  std::atomic<std::thread::id> thread_;
  std::thread::id own_;
  std::unique_ptr<Server> server_;
  std::optional<RawClient> client_;
};

TEST_F(BriefRouteTest, TheFirstCallGoesToAWorkerAndThoseAfterBriefOnesDont) {
  ASSERT_EQ(Get("/v1/read/a"), 200);
  EXPECT_FALSE(RanOnTheConnectionsThread());
  ReadUntilBrief();
  ASSERT_EQ(Get("/v1/read/b"), 200);
  EXPECT_FALSE(RanOnTheConnectionsThread()) << "nothing is known of another namespace";
}

TEST_F(BriefRouteTest, WhatTurnsOutLongIsBegunAgainOnAWorker) {
  ReadUntilBrief();
  long_ = true;
  EXPECT_EQ(Get("/v1/read/a"), 200);
  EXPECT_FALSE(RanOnTheConnectionsThread());
  EXPECT_LE(long_runs_, 2);
  long_ = false;
  EXPECT_EQ(Get("/v1/read/a"), 200);
  ReadUntilBrief();
}

}  // namespace
}  // namespace engram
