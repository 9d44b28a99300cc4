#include "server/limits.h"

#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/mutex.h"
#include "base/testing/captured_logs.h"
#include "tests/server/http_server.h"
#include "tests/server/raw_client.h"

namespace engram {
namespace {

using std::chrono::milliseconds;

TEST(LimitsTest, HeadersBeyondTheLimitAre431) {
  HttpServer server;
  RawClient fits(server.port());
  EXPECT_EQ(fits.Call(HttpText("GET", "/v1/cheap", "", {"X-A: " + std::string(16'000, 'a')}))->status, 200);
  for (const std::string& request : {HttpText("GET", "/v1/cheap", "", {"X-A: " + std::string(64'000, 'a')}),
                                     HttpText("GET", "/" + std::string(100'000, 'a')), std::string(20'000, 'A')}) {
    RawClient client(server.port());
    EXPECT_EQ(client.Call(request)->status, 431);
    client.FinishSending();
    EXPECT_TRUE(client.IsClosed());
  }
  std::string many = "GET /v1/cheap HTTP/1.1\r\nHost: localhost\r\n";
  for (int i = 0; i < 200; ++i) many += "X: 1\r\n";
  RawClient client(server.port());
  EXPECT_EQ(client.Call(many + "\r\n")->status, 431);
}

TEST(LimitsTest, ABodyBeyondTheLimitIs413BeforeItIsRead) {
  HttpServer server;
  for (const std::string length : {"1048577", "9223372036854775808", "18446744073709551615"}) {
    RawClient client(server.port());
    const auto reply = client.Call(
        "POST /v1/echo/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " + length +
        "\r\n\r\n");
    ASSERT_TRUE(reply.has_value()) << length;
    EXPECT_EQ(reply->status, 413);
    EXPECT_EQ(reply->Field("Connection"), "close");
  }
}

TEST(LimitsTest, ABodyInChunksIsMeasuredAsItComes) {
  HttpServer server;
  RawClient client(server.port());
  client.Send(
      "POST /v1/echo/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: "
      "chunked\r\n\r\n");
  const std::string chunk = "10000\r\n" + std::string(0x10000, ' ') + "\r\n";
  for (int i = 0; i < 17 && client.Send(chunk); ++i) {
  }
  EXPECT_EQ(client.Read()->status, 413);
}

TEST(LimitsTest, ABodyOfExactlyTheLimitIsRead) {
  HttpServer server;
  RawClient client(server.port());
  const std::string body = "{}" + std::string((size_t{1} << 20) - 2, ' ');
  EXPECT_EQ(client.Call(HttpText("POST", "/v1/echo/a", body))->status, 200);
  EXPECT_EQ(client.Call(HttpText("POST", "/v1/echo/a", body))->status, 200);
}

TEST(LimitsTest, ExpectIsAnsweredBeforeTheBodyComesOrNot) {
  HttpServer server;
  RawClient client(server.port());
  const std::string head =
      "POST /v1/echo/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\n";
  EXPECT_EQ(client.Call(head + "Content-Length: 2\r\n\r\n")->status, 100);
  EXPECT_EQ(client.Call("{}")->status, 200);
  EXPECT_EQ(client.Call(head + "Content-Length: 2000000\r\n\r\n")->status, 413);
}

TEST(LimitsTest, SlowHeadersAre408) {
  ServerOptions options = TestOptions();
  options.limits.header_deadline = milliseconds(50);
  HttpServer server(options);
  RawClient client(server.port());
  const auto reply = client.Call("GET /v1/cheap HTTP/1.1\r\nHost: loc");
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->status, 408);
  RawClient silent(server.port());
  EXPECT_TRUE(silent.IsClosed()) << "nothing was asked, so nothing is said";
}

TEST(LimitsTest, SlowBodiesAre408) {
  ServerOptions options = TestOptions();
  options.limits.body_deadline = milliseconds(50);
  HttpServer server(options);
  RawClient sized(server.port());
  EXPECT_EQ(sized
                .Call("POST /v1/echo/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                      "application/json\r\nContent-Length: 9\r\n\r\n{")
                ->status,
            408);
  RawClient chunked(server.port());
  EXPECT_EQ(chunked
                .Call("POST /v1/echo/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n9\r\n{")
                ->status,
            408);
  EXPECT_EQ(server.handled(), 0U);
}

TEST(LimitsTest, BodiesThatRestAre408) {
  ServerOptions options = TestOptions();
  options.limits.body_deadline = std::chrono::hours(1);
  options.limits.body_idle_deadline = milliseconds(50);
  HttpServer server(options);
  RawClient client(server.port());
  EXPECT_EQ(client
                .Call("POST /v1/echo/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                      "application/json\r\nContent-Length: 9\r\n\r\n{")
                ->status,
            408);
}

TEST(LimitsTest, LargeBodiesShareABudgetAndSmallOnesNeedNone) {
  Gate gate;
  Router router;
  router.Add({.method = "POST",
              .pattern = "/v1/wait",
              .right = Right::kRead,
              .cost = Cost::kCheap,
              .handler = [&gate](RequestContext&, Respond respond) { gate.Hold(std::move(respond)); }});
  router.Add({.method = "POST",
              .pattern = "/v1/take",
              .right = Right::kRead,
              .cost = Cost::kCheap,
              .handler = [](RequestContext&, Respond respond) {
                respond(HttpResponse{200, "text/plain", "taken", {}});
              }});
  ServerOptions options = TestOptions();
  options.limits.bodies_bytes = 300'000;
  const auto server = Server::Start(options);
  ASSERT_TRUE(server.ok());
  (*server)->Open(std::move(router), std::make_shared<OpenAuthenticator>(TenantId(1), "default"));
  const uint16_t port = (*server)->port();

  const std::string large(200'000, ' ');
  RawClient holding(port);
  holding.Send(HttpText("POST", "/v1/wait", large));
  gate.WaitFor(1);
  RawClient sized(port);
  const auto refused = sized.Call(HttpText("POST", "/v1/take", large));
  ASSERT_TRUE(refused.has_value());
  EXPECT_EQ(refused->status, 429);
  EXPECT_EQ(refused->Field("Retry-After"), "1");
  RawClient chunked(port);
  const auto also = chunked.Call(
      "POST /v1/take HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n30d40\r\n" +
      large + "\r\n0\r\n\r\n");
  ASSERT_TRUE(also.has_value());
  EXPECT_EQ(also->status, 429);
  RawClient small(port);
  EXPECT_EQ(small.Call(HttpText("POST", "/v1/take", "{}"))->status, 200);
  gate.Release();
  EXPECT_EQ(holding.Read()->status, 200);
  EXPECT_EQ(holding.Call(HttpText("POST", "/v1/take", large))->status, 200) << "it has given back what it held";
}

TEST(LimitsTest, IdleConnectionsEnd) {
  ServerOptions options = TestOptions();
  options.limits.idle_deadline = milliseconds(50);
  HttpServer server(options);
  RawClient client(server.port());
  EXPECT_EQ(client.Call(HttpText("GET", "/v1/cheap"))->status, 200);
  EXPECT_TRUE(client.IsClosed());
}

TEST(LimitsTest, APeerThatDoesNotReadIsLeft) {
  const CapturedLogs logs;
  ServerOptions options = TestOptions();
  options.limits.write_deadline = milliseconds(50);
  options.limits.drain = std::chrono::minutes(1);
  options.limits.body_bytes = size_t{64} << 20;
  HttpServer server(options);
  RawClient client(server.port());
  // More than the sockets' buffers hold: the reply stalls, and the server hangs up.
  client.Send(HttpText("POST", "/v1/echo/a", R"({"text":")" + std::string(size_t{32} << 20, 'x') + R"("})"));
  server.server().Stop();
  EXPECT_TRUE(Logged(logs, "\"how\":\"drained\""));
  EXPECT_EQ(client.Read(), std::nullopt);
}

// Counts what became of requests on several threads.
class Turned {
 public:
  void Note(const std::optional<RawReply>& reply) {
    const MutexLock lock(mutex_);
    if (reply && reply->status == 200) ++served_;
    if (reply && reply->status == 429 && reply->Field("Retry-After") == "1" &&
        reply->body.find(R"("retryable":true)") != std::string::npos) {
      ++refused_;
    }
    changed_.NotifyAll();
  }
  void WaitForRefusals(int count) {
    const MutexLock lock(mutex_);
    while (refused_ < count) changed_.Wait(mutex_);
  }
  int served() const { return served_; }

 private:
  Mutex mutex_;
  CondVar changed_;
  int served_ = 0;
  int refused_ = 0;
};

TEST(LimitsTest, AFullQueueIs429WithRetryAfter) {
  ServerOptions options = TestOptions();
  options.worker_threads = 1;
  options.limits.queued_requests = 1;
  HttpServer server(options);
  RawClient running(server.port());
  running.Send(HttpText("GET", "/v1/block"));
  server.gate().WaitFor(1);
  // Of three more, one waits in the queue and two are turned away, whatever their order.
  Turned turned;
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i)
    threads.emplace_back([&] { turned.Note(RawClient(server.port()).Call(HttpText("GET", "/v1/echo/a"))); });
  turned.WaitForRefusals(2);
  // The cheap route needs no worker.
  EXPECT_EQ(RawClient(server.port()).Call(HttpText("GET", "/v1/cheap"))->status, 200);
  server.gate().Release();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(running.Read()->status, 200);
  EXPECT_EQ(turned.served(), 1);
}

TEST(LimitsTest, ASmallBodyNeedsNoWorkerAndALongOneDoes) {
  ServerOptions options = TestOptions();
  options.limits.queued_requests = 0;  // no worker can be had
  HttpServer server(options);
  RawClient client(server.port());
  const auto body = [](size_t bytes) { return R"({"text":")" + std::string(bytes, 'x') + R"("})"; };
  EXPECT_EQ(client.Call(HttpText("POST", "/v1/sized", body(1'000)))->status, 200);
  EXPECT_EQ(client.Call(HttpText("POST", "/v1/sized", body(100'000)))->status, 429);
}

TEST(LimitsTest, ConnectionsBeyondTheLimitAreClosed) {
  ServerOptions options = TestOptions();
  options.limits.connections = 2;
  HttpServer server(options);
  auto one = std::make_unique<RawClient>(server.port());
  RawClient two(server.port());
  EXPECT_EQ(one->Call(HttpText("GET", "/v1/cheap"))->status, 200);
  EXPECT_EQ(two.Call(HttpText("GET", "/v1/cheap"))->status, 200);
  RawClient three(server.port());
  EXPECT_TRUE(three.IsClosed());
  // Closing one makes room, once the server has noticed.
  one.reset();
  for (int attempt = 0;; ++attempt) {
    ASSERT_LT(attempt, 10'000);
    RawClient next(server.port());
    if (next.Call(HttpText("GET", "/v1/cheap"))) break;
  }
}

TEST(LimitsTest, ARequestThatWaitedTooLongIsNotStarted) {
  ServerOptions options = TestOptions();
  options.limits.request_deadline = milliseconds(0);
  HttpServer server(options);
  RawClient client(server.port());
  EXPECT_EQ(client.Call(HttpText("POST", "/v1/echo/a", "{}"))->status, 504);
  EXPECT_EQ(server.handled(), 0U);
}

}  // namespace
}  // namespace engram
