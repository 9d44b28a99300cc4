// What the guard must refuse: each case is a form that some HTTP parser accepts.

#include "server/request_guard.h"

#include <gtest/gtest.h>

namespace engram {
namespace {

const HostRules kRules = {{"localhost", "127.0.0.1", "[::1]"}, {"https://app.example"}};

Result<RequestFraming> Guard(const std::string& head) { return GuardRequest(head, kRules); }

// The code for a POST with these field lines after its Host.
StatusCode Code(const std::string& lines, const std::string& start = "POST /v1/a HTTP/1.1") {
  return Guard(start + "\r\nHost: localhost\r\n" + lines + "\r\n").status().code();
}

constexpr auto kBad = StatusCode::kInvalidArgument;
constexpr auto kOk = StatusCode::kOk;
constexpr auto kDenied = StatusCode::kPermissionDenied;

TEST(RequestGuardTest, AnOrdinaryRequestPasses) {
  const auto framing = Guard(
      "POST /v1/a%20b?x=%C3%A9 HTTP/1.1\r\nHost: localhost:7700\r\nContent-Length: 5\r\n"
      "User-Agent: caf\xc3\xa9\r\nX-Empty:\r\n\r\n");
  ASSERT_TRUE(framing.ok()) << framing.status().ToString();
  EXPECT_EQ(framing->content_length, 5U);
  EXPECT_TRUE(framing->keep_alive);
  EXPECT_TRUE(framing->has_body());
}

TEST(RequestGuardTest, TransferEncodingIsChunkedOrAbsent) {
  EXPECT_TRUE(Guard("POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: Chunked\r\n\r\n")->chunked);
  for (const std::string value : {"gzip", "chunked, identity", "identity", "gzip, chunked", "chunked, chunked",
                                  "\"chunked\"", "chunked;q=1", "xchunked", "", "chunked,",
                                  "\x0b"
                                  "chunked"}) {
    EXPECT_EQ(Code("Transfer-Encoding: " + value + "\r\n"), kBad) << value;
  }
  EXPECT_EQ(Code("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), kBad);
  EXPECT_EQ(Code("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), kBad);
  EXPECT_EQ(Code("Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0"), kBad);
  EXPECT_EQ(Code("Transfer-Encoding : chunked\r\n"), kBad);
  EXPECT_EQ(Code("Transfer-Encoding\t: chunked\r\n"), kBad);
}

TEST(RequestGuardTest, ContentLengthIsOneNumberAndNeverWithTransferEncoding) {
  for (const std::string value :
       {"+5", "-5", "5, 5", "5,5", "0x5", "5 5", "5.0", "", "18446744073709551616", "5;", "\"5\""}) {
    EXPECT_EQ(Code("Content-Length: " + value + "\r\n"), kBad) << value;
  }
  EXPECT_EQ(Code("Content-Length: 5\r\nContent-Length: 5\r\n"), kBad);
  EXPECT_EQ(Code("Content-Length: 5\r\nContent-Length: 6\r\n"), kBad);
  EXPECT_EQ(Code("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), kBad);
  EXPECT_EQ(Code("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), kBad);
  EXPECT_EQ(Code("Transfer-Encoding: gzip\r\nContent-Length: 5\r\n"), kBad);
  EXPECT_EQ(Code("Content-Length: 18446744073709551615\r\n"), kOk);
}

TEST(RequestGuardTest, FoldedAndBrokenLinesAreRefused) {
  EXPECT_EQ(Code("X-A: 1\r\n folded\r\n"), kBad);
  EXPECT_EQ(Code("X-A: 1\r\n\tfolded\r\n"), kBad);
  EXPECT_EQ(Code("Content-Length: 1\r\n 0\r\n"), kBad);
  EXPECT_EQ(Code("X-A: 1\nX-B: 2\r\n"), kBad);
  EXPECT_EQ(Code("X-A: 1\rX-B: 2\r\n"), kBad);
  EXPECT_EQ(Code("X-A\r\n"), kBad);
  EXPECT_EQ(Code(": empty\r\n"), kBad);
  EXPECT_EQ(Code("X A: 1\r\n"), kBad);
  EXPECT_EQ(Code("X-\xc3\xa9: 1\r\n"), kBad);
  EXPECT_EQ(Code(std::string("X-A: a\0b\r\n", 10)), kBad);
  EXPECT_EQ(Code("X-A: a\x7f\r\n"), kBad);
  EXPECT_EQ(Guard("POST / HTTP/1.1\nHost: localhost\n\n").status().code(), kBad);
  EXPECT_EQ(Guard("\r\nPOST / HTTP/1.1\r\nHost: localhost\r\n\r\n").status().code(), kBad);
}

TEST(RequestGuardTest, TheRequestLineHasOneForm) {
  for (const std::string line : {"POST /v1 HTTP/1.9",
                                 "POST /v1 HTTP/2.0",
                                 "POST /v1 HTTP/1.1 ",
                                 "POST  /v1 HTTP/1.1",
                                 "POST /v1",
                                 "POST",
                                 "",
                                 "POST /v1 http/1.1",
                                 "POST\t/v1\tHTTP/1.1",
                                 "PO ST /v1 HTTP/1.1",
                                 "POST http://localhost/v1 HTTP/1.1",
                                 "POST * HTTP/1.1",
                                 "POST v1 HTTP/1.1",
                                 "POST /a b HTTP/1.1",
                                 "POST /\xc3\xa9 HTTP/1.1",
                                 "POST /a#b HTTP/1.1",
                                 "POST /\x7f HTTP/1.1",
                                 "POST /\x01 HTTP/1.1",
                                 "(POST) /v1 HTTP/1.1",
                                 "POST /v1 HTTP/1.1\x0b"}) {
    EXPECT_EQ(Code("", line), kBad) << line;
  }
  for (const std::string line :
       {"CONNECT /v1 HTTP/1.1", "TRACE /v1 HTTP/1.1", "get /v1 HTTP/1.1", "FOO /v1 HTTP/1.1"}) {
    EXPECT_EQ(Code("", line), StatusCode::kMethodNotAllowed) << line;
  }
}

TEST(RequestGuardTest, ThereIsExactlyOneHostAndItIsOurs) {
  const auto code = [](const std::string& lines) {
    return Guard("GET / HTTP/1.1\r\n" + lines + "\r\n").status().code();
  };
  EXPECT_EQ(code(""), kBad);
  EXPECT_EQ(code("Host:\r\n"), kBad);
  EXPECT_EQ(code("Host: localhost\r\nHost: localhost\r\n"), kBad);
  EXPECT_EQ(code("Host: localhost\r\nhOsT: evil.example\r\n"), kBad);
  EXPECT_EQ(code("Host: localhost:x\r\n"), kBad);
  EXPECT_EQ(code("Host: localhost:7700:1\r\n"), kBad);
  EXPECT_EQ(code("Host: user@localhost\r\n"), kDenied);
  EXPECT_EQ(code("Host: evil.example\r\n"), kDenied);
  EXPECT_EQ(code("Host: localhost.evil.example\r\n"), kDenied);
  for (const std::string host : {"localhost", "LOCALHOST:1", "127.0.0.1:7700", "[::1]", "[::1]:7700"}) {
    EXPECT_EQ(code("Host: " + host + "\r\n"), kOk) << host;
  }
  EXPECT_TRUE(GuardRequest("GET / HTTP/1.1\r\nHost: any.example\r\n\r\n", {{"*"}, {}}).ok());
}

TEST(RequestGuardTest, PagesOfOtherOriginsMayNotCall) {
  EXPECT_EQ(Code("Origin: http://localhost\r\n"), kOk);
  EXPECT_EQ(Code("Origin: https://app.example\r\n"), kOk);
  for (const std::string origin : {"null", "http://evil.example", "http://localhost:8080",
                                   "http://localhost.evil.example", "file://", "", "https://app.example.evil"}) {
    EXPECT_EQ(Code("Origin: " + origin + "\r\n"), kDenied) << origin;
  }
}

TEST(RequestGuardTest, OnlyWritesHaveABody) {
  for (const std::string method : {"GET", "DELETE", "HEAD", "OPTIONS"}) {
    EXPECT_EQ(Code("Content-Length: 1\r\n", method + " / HTTP/1.1"), kBad) << method;
    EXPECT_EQ(Code("Transfer-Encoding: chunked\r\n", method + " / HTTP/1.1"), kBad) << method;
    EXPECT_EQ(Code("Content-Length: 0\r\n", method + " / HTTP/1.1"), kOk) << method;
  }
}

TEST(RequestGuardTest, FieldsWithOneMeaningStandOnce) {
  for (const std::string name :
       {"Authorization", "Content-Type", "Content-Encoding", "Idempotency-Key", "Origin", "Expect"}) {
    EXPECT_EQ(Code(name + ": a\r\n" + name + ": a\r\n"), kBad) << name;
  }
  EXPECT_EQ(Code("Accept: a\r\nAccept: b\r\nX-A: 1\r\nX-A: 2\r\n"), kOk);
}

TEST(RequestGuardTest, ConnectionsEndAsTheVersionAndTheFieldSay) {
  const auto keeps = [](const std::string& version, const std::string& lines) {
    return Guard("GET / HTTP/" + version + "\r\nHost: localhost\r\n" + lines + "\r\n")->keep_alive;
  };
  EXPECT_TRUE(keeps("1.1", ""));
  EXPECT_FALSE(keeps("1.1", "Connection: Close\r\n"));
  EXPECT_FALSE(keeps("1.1", "Connection: upgrade, close\r\n"));
  EXPECT_FALSE(keeps("1.1", "Connection: upgrade\r\nConnection: close\r\n"));
  EXPECT_FALSE(keeps("1.0", ""));
  EXPECT_TRUE(keeps("1.0", "Connection: keep-alive\r\n"));
}

TEST(RequestGuardTest, ExpectKnowsOneWord) {
  EXPECT_TRUE(Guard("POST / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-Continue\r\n\r\n")->expects_continue);
  EXPECT_EQ(Code("Expect: 200-ok\r\n"), kBad);
}

TEST(RequestGuardTest, TooManyFieldsAreRefused) {
  std::string lines;
  for (int i = 0; i < 98; ++i) lines += "X: 1\r\n";
  EXPECT_EQ(Code(lines), kOk);
  EXPECT_EQ(Code(lines + "X: 1\r\nX: 1\r\n"), StatusCode::kHeadersTooLarge);
}

TEST(RequestGuardTest, GarbageIsKnownBeforeItEnds) {
  EXPECT_TRUE(GuardPartialHead("").ok());
  EXPECT_TRUE(GuardPartialHead("POST /v1 HT").ok());
  EXPECT_TRUE(GuardPartialHead("POST /v1 HTTP/1.1\r\nHo").ok());
  EXPECT_FALSE(GuardPartialHead("\x16\x03\x01").ok());
  EXPECT_FALSE(GuardPartialHead("\r\n").ok());
  EXPECT_FALSE(GuardPartialHead("GET / HTTP/1.1\nHost").ok());
}

}  // namespace
}  // namespace engram
