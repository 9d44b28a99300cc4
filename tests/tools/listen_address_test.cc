#include "tools/listen_address.h"

#include <gtest/gtest.h>

namespace engram {
namespace {

std::string Parsed(std::string_view text) {
  const auto at = ParseHostPort(text);
  return at.ok() ? at->host + " " + std::to_string(at->port) : "refused";
}

TEST(ListenAddressTest, EverySpellingPeopleUse) {
  EXPECT_EQ(Parsed("127.0.0.1:80"), "127.0.0.1 80");
  EXPECT_EQ(Parsed("[::1]:80"), "::1 80");
  EXPECT_EQ(Parsed("[::1]"), "::1 7700");
  EXPECT_EQ(Parsed("localhost"), "localhost 7700");
  EXPECT_EQ(Parsed("8080"), "127.0.0.1 8080");
  EXPECT_EQ(Parsed("127.0.0.1:0"), "127.0.0.1 0");
}

TEST(ListenAddressTest, NonsenseIsRefused) {
  for (const char* text : {"", ":80", "host:", "host:x", "host:65536", "70000", "[::1", "[::1]x", "host:80:90"}) {
    EXPECT_EQ(Parsed(text), "refused") << text;
  }
}

TEST(ListenAddressTest, UrlsAreHttpOrHttpsWithoutAPath) {
  EXPECT_EQ(ParseServerUrl("http://10.0.0.1:7701/")->port, 7701);
  EXPECT_EQ(ParseServerUrl("10.0.0.1")->host, "10.0.0.1");
  EXPECT_FALSE(ParseServerUrl("http://10.0.0.1")->tls);
  EXPECT_EQ(ParseServerUrl("https://memory.example:7701/")->host, "memory.example");
  EXPECT_TRUE(ParseServerUrl("https://memory.example")->tls);
  EXPECT_FALSE(ParseServerUrl("ftp://10.0.0.1").ok());
  EXPECT_FALSE(ParseServerUrl("https:10.0.0.1").ok());
  EXPECT_FALSE(ParseServerUrl("http://10.0.0.1/v1").ok());
}

}  // namespace
}  // namespace engram
