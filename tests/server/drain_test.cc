#include <thread>

#include <gtest/gtest.h>

#include "base/testing/captured_logs.h"
#include "tests/server/http_server.h"
#include "tests/server/raw_client.h"

namespace engram {
namespace {

// GET /v1/wait is held by the gate.
Router HoldingRouter(Gate* gate) {
  Router router;
  router.Add({.method = "GET",
              .pattern = "/v1/wait",
              .right = Right::kRead,
              .cost = Cost::kCheap,
              .handler = [gate](RequestContext&, Respond respond) { gate->Hold(std::move(respond)); }});
  return router;
}

TEST(DrainTest, WhatIsInFlightIsAnsweredAndThenTheConnectionEnds) {
  HttpServer server;
  RawClient waiting(server.port());
  RawClient working(server.port());
  RawClient idle(server.port());
  EXPECT_EQ(idle.Call(HttpText("GET", "/v1/cheap"))->status, 200);
  waiting.Send(HttpText("GET", "/v1/wait") + HttpText("GET", "/v1/cheap"));
  working.Send(HttpText("GET", "/v1/block"));
  server.gate().WaitFor(2);
  std::thread stop([&] { server.server().Stop(); });
  EXPECT_TRUE(idle.IsClosed());
  server.gate().Release();
  for (RawClient* client : {&waiting, &working}) {
    const auto reply = client->Read();
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->body, "released");
    EXPECT_EQ(reply->Field("Connection"), "close");
    client->FinishSending();
    EXPECT_TRUE(client->IsClosed());
  }
  stop.join();
}

TEST(DrainTest, AfterItNobodyIsListening) {
  HttpServer server;
  server.server().Stop();
  server.server().Stop();
  ServerOptions options = TestOptions();
  options.port = server.port();
  EXPECT_TRUE(Server::Start(options).ok()) << "the port is free again";
}

TEST(DrainTest, ARequestThatTakesTooLongIsCutOffAndItsLateReplyIsDropped) {
  const CapturedLogs logs;
  ServerOptions options = TestOptions();
  options.limits.drain = std::chrono::milliseconds(50);
  HttpServer server(options);
  RawClient client(server.port());
  client.Send(HttpText("GET", "/v1/wait"));
  server.gate().WaitFor(1);
  server.server().Stop();
  EXPECT_TRUE(Logged(logs, "\"how\":\"cut off\""));
  EXPECT_EQ(client.Read(), std::nullopt);
  server.gate().Release();  // the reply comes to a server that is gone
}

TEST(DrainTest, WhoWaitsIsToldThatItBegins) {
  Gate gate;
  Router router = HoldingRouter(&gate);
  ServerOptions options = TestOptions();
  options.limits.drain = std::chrono::minutes(1);
  options.on_drain = [&gate] { gate.Release(); };
  auto server = Server::Start(options);
  ASSERT_TRUE(server.ok());
  (*server)->Open(std::move(router), std::make_shared<OpenAuthenticator>(TenantId(1), "default"));
  RawClient client((*server)->port());
  client.Send(HttpText("GET", "/v1/wait"));
  gate.WaitFor(1);
  (*server)->Stop();
  const auto reply = client.Read();
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->body, "released");
}

TEST(DrainTest, ALateReplyMayEvenOutliveItsServer) {
  Gate gate;
  Router router = HoldingRouter(&gate);
  ServerOptions options = TestOptions();
  options.limits.drain = std::chrono::milliseconds(50);
  auto server = Server::Start(options);
  ASSERT_TRUE(server.ok());
  (*server)->Open(std::move(router), std::make_shared<OpenAuthenticator>(TenantId(1), "default"));
  RawClient client((*server)->port());
  client.Send(HttpText("GET", "/v1/wait"));
  gate.WaitFor(1);
  server->reset();
  gate.Release();
}

TEST(DrainTest, WhatStillWaitsForAWorkerIsNotStarted) {
  const CapturedLogs logs;
  ServerOptions options = TestOptions();
  options.worker_threads = 1;
  options.limits.drain = std::chrono::milliseconds(50);
  HttpServer server(options);
  RawClient running(server.port());
  running.Send(HttpText("GET", "/v1/block"));
  server.gate().WaitFor(1);
  RawClient queued(server.port());
  queued.Send(HttpText("POST", "/v1/echo/a", "{}"));
  std::thread stop([&] { server.server().Stop(); });
  while (!Logged(logs, "\"how\":\"cut off\"")) std::this_thread::yield();
  server.gate().Release();
  stop.join();
  const auto reply = queued.Read();
  EXPECT_TRUE(!reply || reply->status == 503);
  EXPECT_EQ(server.handled(), 0U);
}

}  // namespace
}  // namespace engram
