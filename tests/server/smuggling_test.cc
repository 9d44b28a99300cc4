// The same forms over a socket: the refusal closes the connection and a request hidden behind it never runs.

#include <gtest/gtest.h>

#include "tests/server/http_server.h"
#include "tests/server/raw_client.h"

namespace engram {
namespace {

const std::string kHidden = "GET /v1/cheap HTTP/1.1\r\nHost: localhost\r\n\r\n";

std::vector<std::string> SmugglingHeads() {
  const std::string start = "POST /v1/echo/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  return {
      start + "Transfer-Encoding: gzip\r\nContent-Length: 0\r\n\r\n",
      start + "Transfer-Encoding: gzip\r\n\r\n",
      start + "Transfer-Encoding: chunked, identity\r\n\r\n",
      start + "Content-Length: 0, 0\r\n\r\n",
      start + "Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
      start + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      start + "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n",
      start + "Content-Length:\r\n 0\r\n\r\n",
      start + "Content-Length: 0\r\nHost: evil.example\r\n\r\n",
      start + "Transfer-Encoding : chunked\r\n\r\n",
      "POST /v1/echo/a HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      "POST /v1/echo/a HTTP/1.1\r\n\r\n",
      "GET /v1/cheap HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(kHidden.size()) + "\r\n\r\n",
  };
}

TEST(SmugglingTest, AHiddenRequestNeverRuns) {
  HttpServer server;
  for (const std::string& head : SmugglingHeads()) {
    SCOPED_TRACE(head);
    RawClient client(server.port());
    const auto reply = client.Call(head + kHidden);
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->status, 400);
    EXPECT_EQ(reply->Field("Connection"), "close");
    client.FinishSending();
    EXPECT_TRUE(client.IsClosed());
  }
  EXPECT_EQ(server.handled(), 0U);
}

TEST(SmugglingTest, BytesThatComeOneByOneAreReadTheSame) {
  HttpServer server;
  RawClient good(server.port());
  const std::string request = HttpText("POST", "/v1/echo/a", R"({"text":"b"})");
  for (const char byte : request) good.Send(std::string_view(&byte, 1));
  EXPECT_EQ(good.Read()->body, R"({"id":"a","text":"b"})");

  RawClient bad(server.port());
  const std::string head = SmugglingHeads()[2];
  for (const char byte : head) bad.Send(std::string_view(&byte, 1));
  EXPECT_EQ(bad.Read()->status, 400);
}

TEST(SmugglingTest, GarbageIsAnsweredWithoutWaitingForItsEnd) {
  HttpServer server;
  for (const std::string bytes : {"\x16\x03\x01\x02", "\r\n", "GET /v1/cheap HTTP/1.1\n"}) {
    RawClient client(server.port());
    EXPECT_EQ(client.Call(bytes)->status, 400);
  }
}

TEST(SmugglingTest, TrailersAreDropped) {
  HttpServer server;
  RawClient client(server.port());
  const std::string head =
      "POST /v1/echo/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: "
      "chunked\r\n\r\n";
  const auto reply =
      client.Call(head +
                  "4\r\n{\"te\r\n8;ext=1\r\nxt\":\"b\"}\r\n0\r\nHost: evil.example\r\nAuthorization: x\r\n"
                  "Idempotency-Key: y\r\n\r\n");
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->body, R"({"id":"a","text":"b"})");
  EXPECT_EQ(client.Call(HttpText("GET", "/v1/cheap"))->body, "cheap") << "the connection goes on";
}

TEST(SmugglingTest, BrokenChunksEndTheConnection) {
  HttpServer server;
  const std::string head =
      "POST /v1/echo/a HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: "
      "chunked\r\n\r\n";
  for (const std::string body : {"x\r\n", "-1\r\n", "10000000000000000\r\n", "2\r\n{}x\r\n0\r\n\r\n",
                                 "2\n{}\r\n0\r\n\r\n", "2 \r\n{}\r\n0\r\n\r\n", "0x2\r\n{}\r\n0\r\n\r\n"}) {
    SCOPED_TRACE(body);
    RawClient client(server.port());
    const auto reply = client.Call(head + body + kHidden);
    ASSERT_TRUE(reply.has_value());
    EXPECT_EQ(reply->status, 400);
    EXPECT_EQ(reply->Field("Connection"), "close");
  }
  for (const std::string& flood :
       {"2;" + std::string(200'000, 'x'), "2\r\n{}\r\n0\r\nX: " + std::string(180'000, 'x')}) {
    RawClient client(server.port());
    EXPECT_EQ(client.Call(head + flood)->status, 400);
  }
  EXPECT_EQ(server.handled(), 0U);
}

}  // namespace
}  // namespace engram
