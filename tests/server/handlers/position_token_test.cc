#include "server/position_token.h"

#include <gtest/gtest.h>

#include "server/base64url.h"

namespace engram {
namespace {

TEST(PositionTokenTest, ComesBackAsItWas) {
  for (const uint64_t position : {uint64_t{0}, uint64_t{1}, uint64_t{127}, uint64_t{128}, UINT64_MAX}) {
    for (const uint32_t ns : {uint32_t{1}, uint32_t{300}, UINT32_MAX}) {
      const auto token = DecodePosition(EncodePosition(NamespaceId(ns), Position(position)));
      ASSERT_TRUE(token.ok());
      EXPECT_EQ(token->ns, NamespaceId(ns));
      EXPECT_EQ(token->position, Position(position));
    }
  }
}

// One character changed is another byte, and the check byte tells all but one in 256 of these.
TEST(PositionTokenTest, ATypoIsTold) {
  const std::string token = EncodePosition(NamespaceId(7), Position(123'456));
  int accepted = 0;
  int tried = 0;
  for (size_t i = 0; i < token.size(); ++i) {
    for (const char c : std::string("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")) {
      if (c == token[i]) continue;
      std::string other = token;
      other[i] = c;
      ++tried;
      accepted += DecodePosition(other).ok() ? 1 : 0;
    }
  }
  EXPECT_LE(accepted, tried / 64);
}

TEST(PositionTokenTest, WhatIsNoTokenIsRefused) {
  for (const std::string text : {"", "A", "!", "AAAA", "AQFb=", "\xff"}) {
    EXPECT_EQ(DecodePosition(text).status().code(), StatusCode::kInvalidArgument) << text;
  }
  // Whole, but followed by more.
  EXPECT_FALSE(DecodePosition(EncodePosition(NamespaceId(1), Position(1)) + "AAAA").ok());
}

TEST(CursorTest, EmptyIsTheFirstPageAndAnythingElseComesBack) {
  EXPECT_EQ(EncodeCursor(""), "");
  EXPECT_EQ(*DecodeCursor(""), "");
  const std::string bytes("\0\xff cursor", 9);
  EXPECT_EQ(*DecodeCursor(EncodeCursor(bytes)), bytes);
  EXPECT_EQ(DecodeCursor("no").status().field(), "cursor");
}

TEST(Base64UrlTest, AgreesWithTheStandardsExamples) {
  // RFC 4648, section 10, without padding.
  const std::pair<std::string, std::string> examples[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"}};
  for (const auto& [bytes, text] : examples) {
    EXPECT_EQ(EncodeBase64Url(bytes), text);
    EXPECT_EQ(DecodeBase64Url(text), bytes);
  }
}

TEST(Base64UrlTest, EachSequenceOfBytesHasOneForm) {
  EXPECT_FALSE(DecodeBase64Url("Zh").has_value());  // stray bits behind "f"
  EXPECT_FALSE(DecodeBase64Url("Zg==").has_value());
  EXPECT_FALSE(DecodeBase64Url("Z").has_value());
  EXPECT_FALSE(DecodeBase64Url("+/8").has_value());
}

}  // namespace
}  // namespace engram
