#include "server/server.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <snappy.h>

#include "base/testing/captured_logs.h"
#include "engram/v1/memory.pb.h"
#include "engram/v1/value.pb.h"
#include "tests/server/http_server.h"
#include "tests/server/raw_client.h"

namespace engram {
namespace {

using testing::HasSubstr;

TEST(ServerTest, ARequestIsDecodedHandledAndEncoded) {
  HttpServer server;
  RawClient client(server.port());
  const auto reply = client.Call(HttpText("POST", "/v1/echo/a%2Fb", R"({"text":"tea"})"));
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->status, 200);
  EXPECT_EQ(reply->Field("Content-Type"), "application/json");
  EXPECT_EQ(reply->Field("X-Route"), "/v1/echo/{id}");
  EXPECT_EQ(reply->body, R"({"id":"a/b","text":"tea"})");
}

TEST(ServerTest, ProtobufIsSpokenAsContentTypeAndAcceptSay) {
  HttpServer server;
  RawClient client(server.port());
  v1::Memory memory;
  memory.set_text("tea");
  const std::string bytes = memory.SerializeAsString();
  const auto same = client.Call(HttpText("POST", "/v1/echo/a", bytes, {"Content-Type: application/x-protobuf"}));
  EXPECT_EQ(same->Field("Content-Type"), "application/x-protobuf");
  v1::Memory echoed;
  ASSERT_TRUE(echoed.ParseFromString(same->body));
  EXPECT_EQ(echoed.text(), "tea");
  EXPECT_EQ(echoed.id(), "a");

  const auto json = client.Call(HttpText(
      "POST", "/v1/echo/a", bytes, {"Content-Type: application/x-protobuf", "Accept: text/html, application/json"}));
  EXPECT_EQ(json->body, R"({"id":"a","text":"tea"})");
  const auto shown = client.Call(HttpText("GET", "/v1/echo/a", "", {"Accept: application/x-protobuf"}));
  EXPECT_EQ(shown->Field("Content-Type"), "application/x-protobuf");
}

TEST(ServerTest, ProtobufBodiesMayBeSnappy) {
  HttpServer server;
  RawClient client(server.port());
  v1::Memory memory;
  memory.set_text(std::string(100'000, 't'));
  std::string packed;
  const std::string bytes = memory.SerializeAsString();
  snappy::Compress(bytes.data(), bytes.size(), &packed);
  const auto reply = client.Call(
      HttpText("POST", "/v1/echo/a", packed, {"Content-Type: application/x-protobuf", "Content-Encoding: snappy"}));
  v1::Memory echoed;
  ASSERT_TRUE(echoed.ParseFromString(reply->body));
  EXPECT_EQ(echoed.text(), memory.text());
}

TEST(ServerTest, ASnappyBombIsRefusedBeforeItGrows) {
  HttpServer server;
  std::string bomb;
  const std::string zeros(4 << 20, '\0');
  snappy::Compress(zeros.data(), zeros.size(), &bomb);
  RawClient client(server.port());
  const auto post = [](const std::string& body) {
    return HttpText("POST", "/v1/echo/a", body, {"Content-Type: application/x-protobuf", "Content-Encoding: snappy"});
  };
  EXPECT_EQ(client.Call(post(bomb))->status, 413);
  RawClient liar(server.port());
  EXPECT_EQ(liar.Call(post("\x05"
                           "garbage"))
                ->status,
            400);
}

TEST(ServerTest, RepliesMayComeLaterFromAnotherThread) {
  HttpServer server;
  RawClient client(server.port());
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(client.Call(HttpText("POST", "/v1/later", R"({"text":"x"})"))->body, R"({"text":"x"})");
  }
}

TEST(ServerTest, PipelinedRequestsAreAnsweredInOrder) {
  HttpServer server;
  RawClient client(server.port());
  std::string requests;
  for (int i = 0; i < 20; ++i) requests += HttpText("POST", "/v1/echo/" + std::to_string(i), R"({"text":"x"})");
  client.Send(requests);
  for (int i = 0; i < 20; ++i) EXPECT_THAT(client.Read()->body, HasSubstr("\"id\":\"" + std::to_string(i) + "\""));
}

TEST(ServerTest, AConnectionEndsWhenTheClientSaysSo) {
  HttpServer server;
  RawClient client(server.port());
  const auto reply = client.Call(HttpText("GET", "/v1/cheap", "", {"Connection: close"}));
  EXPECT_EQ(reply->Field("Connection"), "close");
  EXPECT_TRUE(client.IsClosed());
  RawClient old(server.port());
  EXPECT_EQ(old.Call("GET /v1/cheap HTTP/1.0\r\nHost: localhost\r\n\r\n")->body, "cheap");
  EXPECT_TRUE(old.IsClosed());
}

TEST(ServerTest, UnknownPathsAndMethodsAreTold) {
  HttpServer server;
  RawClient client(server.port());
  EXPECT_EQ(client.Call(HttpText("GET", "/v1/nothing"))->status, 404);
  const auto reply = client.Call(HttpText("DELETE", "/v1/echo/a"));
  EXPECT_EQ(reply->status, 405);
  EXPECT_EQ(reply->Field("Allow"), "POST, GET");
  EXPECT_THAT(reply->body, HasSubstr(R"("code":"method_not_allowed")"));
  client.Send(HttpText("HEAD", "/v1/cheap") + HttpText("GET", "/v1/cheap"));
  EXPECT_EQ(client.Read(false)->status, 405);
  EXPECT_EQ(client.Read()->body, "cheap") << "a reply to HEAD has no body";
}

TEST(ServerTest, ABodyNeedsATypeWeKnow) {
  HttpServer server;
  RawClient client(server.port());
  for (const std::string type : {"Content-Type: text/plain", "Content-Type: application/x-www-form-urlencoded",
                                 "Content-Type: multipart/form-data", "Content-Type:"}) {
    EXPECT_EQ(client.Call(HttpText("POST", "/v1/echo/a", "{}", {type}))->status, 415) << type;
  }
  EXPECT_EQ(
      client.Call(HttpText("POST", "/v1/echo/a", "{}", {"Content-Type: Application/JSON; charset=utf-8"}))->status,
      200);
  for (const std::string coding : {"gzip", "zstd", "snappy", "gzip, snappy"}) {
    EXPECT_EQ(client.Call(HttpText("POST", "/v1/echo/a", "{}", {"Content-Encoding: " + coding}))->status, 415)
        << coding;
  }
  EXPECT_EQ(server.handled(), 1U);
}

TEST(ServerTest, AnAbsentBodyIsTheEmptyMessage) {
  HttpServer server;
  RawClient client(server.port());
  EXPECT_EQ(client.Call(HttpText("POST", "/v1/echo/a"))->body, R"({"id":"a"})");
  EXPECT_EQ(client.Call(HttpText("POST", "/v1/echo/a", "", {"Content-Length: 0"}))->body, R"({"id":"a"})");
}

TEST(ServerTest, BadBodiesGetTheirErrorInEitherForm) {
  HttpServer server;
  RawClient client(server.port());
  const auto json = client.Call(HttpText("POST", "/v1/echo/a", R"({"vector":[1,"x"]})"));
  EXPECT_EQ(json->status, 400);
  EXPECT_EQ(json->body, R"({"error":{"code":"invalid_argument","message":"expected a number, got a string",)"
                        R"("field":"vector[1]","retryable":false,"applied":"no"}})");
  const auto proto =
      client.Call(HttpText("POST", "/v1/echo/a", "\xff\xff\xff", {"Content-Type: application/x-protobuf"}));
  EXPECT_EQ(proto->status, 400);
  v1::ErrorReply error;
  ASSERT_TRUE(error.ParseFromString(proto->body));
  EXPECT_EQ(error.error().code(), "invalid_argument");
  EXPECT_EQ(error.error().applied(), "no");
}

TEST(ServerTest, EveryErrorCodeHasItsStatus) {
  HttpServer server;
  RawClient client(server.port());
  const std::vector<std::pair<std::string, int>> table = {
      {"invalid_argument", 400},  {"unauthenticated", 401},        {"permission_denied", 403},
      {"not_found", 404},         {"method_not_allowed", 405},     {"request_timeout", 408},
      {"already_exists", 409},    {"position_expired", 410},       {"failed_precondition", 412},
      {"payload_too_large", 413}, {"unsupported_media_type", 415}, {"unprocessable", 422},
      {"rate_limited", 429},      {"headers_too_large", 431},      {"internal", 500},
      {"unavailable", 503},       {"deadline_exceeded", 504},      {"out_of_space", 507}};
  for (const auto& [code, status] : table) {
    const auto reply = client.Call(HttpText("GET", "/v1/fail/" + code));
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->status, status) << code;
    EXPECT_THAT(reply->body, HasSubstr("\"code\":\"" + code + "\""));
    EXPECT_EQ(reply->Field("Retry-After"), status == 429 || status == 503 ? "1" : "") << code;
  }
}

TEST(ServerTest, WhatFailedInsideIsInTheLogAlone) {
  const CapturedLogs logs;
  HttpServer server;
  RawClient client(server.port());
  EXPECT_THAT(client.Call(HttpText("GET", "/v1/fail/internal"))->body, testing::Not(HasSubstr("told so")));
  EXPECT_TRUE(Logged(logs, "told so"));
}

TEST(ServerTest, AnsweredRequestsAreLoggedWithoutTheirQuery) {
  const CapturedLogs logs;
  ServerOptions options = TestOptions();
  options.access_log = true;
  HttpServer server(options);
  RawClient client(server.port());
  EXPECT_EQ(client.Call(HttpText("GET", "/v1/echo/a?text=private"))->status, 200);
  EXPECT_EQ(client.Call(HttpText("GET", "/v1/cheap"))->status, 200);
  EXPECT_TRUE(Logged(logs, R"("path":"/v1/echo/a","route":"/v1/echo/{id}","tenant":"default","key":"","status":200)"));
  EXPECT_FALSE(Logged(logs, "private"));
}

TEST(ServerTest, AHandlerThatThrowsIsAnsweredWithoutItsSecrets) {
  HttpServer server;
  RawClient client(server.port());
  for (const char* path : {"/v1/throw", "/v1/throw/later"}) {
    const auto reply = client.Call(HttpText("GET", path));
    EXPECT_EQ(reply->status, 500);
    EXPECT_THAT(reply->body, testing::Not(HasSubstr("secret")));
  }
  EXPECT_EQ(client.Call(HttpText("GET", "/v1/cheap"))->status, 200);
}

TEST(ServerTest, UnknownQueryParametersAreErrors) {
  HttpServer server;
  RawClient client(server.port());
  EXPECT_EQ(client.Call(HttpText("GET", "/v1/echo/a?text=x+y%21&version=7"))->body,
            R"({"id":"a","text":"x y!","version":7})");
  EXPECT_EQ(client.Call(HttpText("GET", "/v1/echo/a?txt=x"))->status, 400);
  EXPECT_EQ(client.Call(HttpText("GET", "/v1/echo/a?text=x&text=y"))->status, 400);
  EXPECT_EQ(client.Call(HttpText("GET", "/v1/echo/a?version=-1"))->status, 400);
  EXPECT_EQ(client.Call(HttpText("POST", "/v1/echo/a?durability=buffered"))->status, 200);
  EXPECT_EQ(client.Call(HttpText("POST", "/v1/echo/a?durability=none"))->status, 400);
}

TEST(ServerTest, OneRequestHasOneHashInBothEncodings) {
  HttpServer server;
  RawClient client(server.port());
  v1::Memory memory;
  memory.set_text("tea");
  (*memory.mutable_metadata())["a"].set_int_value(1);
  (*memory.mutable_metadata())["b"].set_int_value(2);
  const auto hash = [&](const std::string& target, const std::string& body, std::string_view type) {
    const auto reply =
        client.Call(HttpText("POST", target, body, {"Idempotency-Key: k", type, "Accept: application/x-protobuf"}));
    v1::Memory echoed;
    EXPECT_TRUE(echoed.ParseFromString(reply->body));
    return echoed.hash();
  };
  const std::string json = R"({"metadata":{"b":2,"a":1},"text":"tea"})";
  const std::string first = hash("/v1/echo/a", json, "Content-Type: application/json");
  EXPECT_NE(first, "");
  EXPECT_EQ(hash("/v1/echo/a", memory.SerializeAsString(), "Content-Type: application/x-protobuf"), first);
  EXPECT_EQ(hash("/v1/echo/%61", json, "Content-Type: application/json"), first);
  EXPECT_NE(hash("/v1/echo/b", json, "Content-Type: application/json"), first);
  EXPECT_NE(hash("/v1/echo/a?durability=buffered", json, "Content-Type: application/json"), first);
  EXPECT_NE(hash("/v1/echo/a", R"({"text":"tea"})", "Content-Type: application/json"), first);
}

TEST(ServerTest, NothingIsServedBeforeItOpens) {
  HttpServer server(TestOptions(), false);
  RawClient client(server.port());
  EXPECT_EQ(client.Call(HttpText("GET", "/healthz"))->status, 200);
  EXPECT_EQ(client.Call(HttpText("GET", "/readyz"))->status, 503);
  const auto refused = client.Call(HttpText("GET", "/v1/cheap"));
  EXPECT_EQ(refused->status, 503);
  EXPECT_EQ(refused->Field("Retry-After"), "1");
  server.server().Open(server.Routes(), std::make_shared<OpenAuthenticator>(TenantId(1), "default"));
  EXPECT_EQ(client.Call(HttpText("GET", "/readyz"))->body, "ready\n");
  EXPECT_EQ(client.Call(HttpText("GET", "/v1/cheap"))->status, 200);
}

// Knows one key, which may read only.
class OneKey final : public Authenticator {
 public:
  Result<Credential> Authenticate(const HttpRequest& request) const override {
    if (request.authorization != "Bearer key") return Status(StatusCode::kUnauthenticated, "no valid key");
    Credential reader;
    reader.tenant = TenantId(1);
    reader.tenant_name = "ann";
    reader.rights = static_cast<uint8_t>(Right::kRead);
    return reader;
  }
};

TEST(ServerTest, WhoMayNotAskIsRefusedBeforeTheBodyIsRead) {
  HttpServer server(TestOptions(), false);
  server.server().Open(server.Routes(), std::make_shared<OneKey>());
  RawClient stranger(server.port());
  // The body never comes, and the answer does not wait for it.
  EXPECT_EQ(stranger
                .Call("POST /v1/echo/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      "Content-Length: 500000\r\n\r\n")
                ->status,
            401);
  RawClient reader(server.port());
  EXPECT_EQ(reader.Call(HttpText("GET", "/v1/nothing"))->status, 401) << "paths are no business of strangers";
  EXPECT_EQ(reader.Call(HttpText("GET", "/v1/cheap", "", {"Authorization: Bearer key"}))->status, 200);
  EXPECT_EQ(reader.Call(HttpText("POST", "/v1/echo/a", "{}", {"Authorization: Bearer key"}))->status, 403);
  EXPECT_EQ(reader.Call(HttpText("GET", "/healthz"))->status, 200);
  EXPECT_EQ(reader.Call(HttpText("GET", "/metrics"))->status, 401);
}

TEST(ServerTest, ListeningBeyondLoopbackMustBeAskedFor) {
  ServerOptions options = TestOptions();
  options.address = "0.0.0.0";
  EXPECT_EQ(Server::Start(options).status().code(), StatusCode::kInvalidArgument);
  options.address = "localhost";
  EXPECT_EQ(Server::Start(options).status().code(), StatusCode::kInvalidArgument);
  options.address = "0.0.0.0";
  options.insecure_listen = true;
  EXPECT_TRUE(Server::Start(options).ok());
}

TEST(ServerTest, ATakenPortIsTold) {
  HttpServer server;
  ServerOptions options = TestOptions();
  options.port = server.port();
  EXPECT_EQ(Server::Start(options).status().code(), StatusCode::kUnavailable);
}

TEST(ServerTest, FiftyConnectionsAreServedAtOnce) {
  HttpServer server;
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int t = 0; t < 50; ++t) {
    threads.emplace_back([&, t] {
      RawClient client(server.port());
      for (int i = 0; i < 20; ++i) {
        const std::string id = std::to_string(t * 100 + i);
        const auto reply = client.Call(HttpText("POST", "/v1/echo/" + id, R"({"text":"x"})"));
        if (reply && reply->body == R"({"id":")" + id + R"(","text":"x"})") ++right;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, 1000);
}

}  // namespace
}  // namespace engram
