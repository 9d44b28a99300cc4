// Bodies that attack a parser: texts in the manner of JSONTestSuite (Seriot, "Parsing JSON is a Minefield", 2016), and
// protobuf whose lengths, groups and nesting lie.

#include <string>
#include <vector>

#include <google/protobuf/message.h>
#include <gtest/gtest.h>

#include "api/json.h"
#include "api/wire_check.h"
#include "engram/v1/memory.pb.h"
#include "engram/v1/value.pb.h"

namespace engram {
namespace {

using namespace std::string_literals;  // NOLINT: bytes with NULs

Status Parse(const std::string& json) {
  v1::Value value;
  return ParseJson(json, &value);
}

TEST(HostileJsonTest, WhatIsJsonIsRead) {
  std::vector<std::string> texts = {"\"\\u0000\"",
                                    "\"\x7f\"",
                                    "[[]   ]",
                                    "-0",
                                    "-0.0",
                                    "1E+2",
                                    "{\"\":0}",
                                    "\"\\ud83d\\ude39\"",
                                    "\"\xef\xbf\xbf\"",
                                    "\"\xf4\x8f\xbf\xbf\"",
                                    " \t\n\r[1]\r\n",
                                    "\"\\/\\b\\f\"",
                                    "{\"a\":1,\"A\":1}",
                                    "\"\xe2\x80\xa8\""};
  for (const char* scalar : {"null", "true", "0", "\"x\"", "[]", "{}"}) {
    texts.push_back(scalar);
    texts.push_back("[" + std::string(scalar) + "," + scalar + "]");
    texts.push_back("{\"k\":" + std::string(scalar) + "}");
  }
  for (const std::string& text : texts) EXPECT_TRUE(Parse(text).ok()) << text << ": " << Parse(text).ToString();
}

TEST(HostileJsonTest, WhatIsNoJsonIsRefused) {
  std::vector<std::string> texts = {"",
                                    " ",
                                    "[",
                                    "]",
                                    "{",
                                    "}",
                                    "[1 true]",
                                    "[1,,2]",
                                    "[,1]",
                                    "[1,]",
                                    "[1,\n1\n,1",
                                    "{\"a\"}",
                                    "{\"a\":}",
                                    "{:1}",
                                    "{1:1}",
                                    "{\"a\":1,}",
                                    "{\"a\":1 \"b\":2}",
                                    "{a:1}",
                                    "{'a':1}",
                                    "nul",
                                    "True",
                                    "truE",
                                    "nulll",
                                    "NaN",
                                    "Infinity",
                                    "-Infinity",
                                    "+1",
                                    "01",
                                    "-01",
                                    "-",
                                    "1.",
                                    ".1",
                                    "1e",
                                    "1e+",
                                    "0x1",
                                    "1_000",
                                    "1 000",
                                    "-1.",
                                    "2.e3",
                                    "\"",
                                    "\"a",
                                    "'a'",
                                    "\"\\\"",
                                    "\"\\x00\"",
                                    "\"\\u00A\"",
                                    "\"\\u\"",
                                    "\"\\ud800\"",
                                    "\"\\udc00\"",
                                    "\"\\ud800\\u0041\"",
                                    "\"\n\"",
                                    "\"\t\"",
                                    "\"\0\""s,
                                    "\0"s,
                                    "1\0"s,
                                    "\"\xff\"",
                                    "\"\xc0\xaf\"",
                                    "\"\xed\xa0\x80\"",
                                    "\"\xf4\x90\x80\x80\"",
                                    "\"\xe2\x82\"",
                                    "\xef\xbb\xbf{}",
                                    "\xff\xfe[\0"s,
                                    "/**/1",
                                    "1//x",
                                    "[1]x",
                                    "[1][2]",
                                    "\xe2\x81\xa0[]",
                                    "\x0c[]",
                                    "[\x0b]",
                                    "1e400",
                                    "-1e400",
                                    "1e999999999999",
                                    "\"\\",
                                    "{\"a\":1,\"a\":1}"};
  // Every JSON text, cut anywhere, is none.
  const std::string whole = R"({"a":[1,-2.5e3,"x\u00e9\n",true,null],"b":{"c":{}}})";
  ASSERT_TRUE(Parse(whole).ok());
  for (size_t n = 0; n < whole.size(); ++n) texts.push_back(whole.substr(0, n));
  for (const std::string& text : texts) {
    const Status status = Parse(text);
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << text;
    EXPECT_FALSE(status.message().empty()) << text;
  }
}

TEST(HostileJsonTest, AMillionKeysAndAHugeNumberAreBounded) {
  std::string keys = "{";
  for (int i = 0; i < 1'000'001; ++i) keys += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":0";
  EXPECT_EQ(Parse(keys + "}").code(), StatusCode::kInvalidArgument);
  EXPECT_FALSE(Parse(std::string(1'000'000, '9')).ok());
}

template <class Message>
Status Check(const std::string& bytes) {
  return CheckWire(bytes, Message::descriptor());
}

std::string NestedValue(int levels) {
  v1::Value value;
  v1::Value* inner = &value;
  for (int i = 0; i < levels; ++i) inner = inner->mutable_list_value()->add_values();
  inner->set_bool_value(true);
  return value.SerializePartialAsString();
}

TEST(HostileWireTest, NestingIsBounded) {
  EXPECT_TRUE(Check<v1::Value>(NestedValue(20)).ok());
  for (const int levels : {101, 5'000}) {
    EXPECT_EQ(Check<v1::Value>(NestedValue(levels)).code(), StatusCode::kInvalidArgument) << levels;
  }
}

TEST(HostileWireTest, GroupsAndUnknownWireTypesAreRefused) {
  for (const char tag : {'\x0b', '\x0c', '\x0e', '\x0f'}) {  // field 1: group begins, group ends, 6, 7
    for (const int depth : {1, 50'000}) {
      EXPECT_FALSE(Check<v1::WriteRequest>(std::string(depth, tag)).ok()) << static_cast<int>(tag);
    }
  }
}

TEST(HostileWireTest, NumbersThatDoNotEndOrOverflowAreRefused) {
  EXPECT_FALSE(Check<v1::WriteRequest>(std::string(1, '\xff')).ok());
  EXPECT_FALSE(Check<v1::WriteRequest>(std::string(11, '\xff') + "\x01").ok());
  EXPECT_FALSE(Check<v1::WriteRequest>("\x0a" + std::string(10, '\xff') + "\x7f").ok());
  EXPECT_FALSE(Check<v1::WriteRequest>("\x00\x00"s).ok());  // field 0
}

TEST(HostileWireTest, PackedFloatsNeedTheBytesTheyClaim) {
  // vector { dense { values: <2^31 bytes> } }, and three bytes of a float.
  EXPECT_FALSE(Check<v1::Vector>("\x0a\x07\x0a\xff\xff\xff\xff\x07"s).ok());
  v1::Vector vector;
  vector.mutable_dense()->add_values(1);
  std::string bytes = vector.SerializeAsString();
  ASSERT_TRUE(Check<v1::Vector>(bytes).ok());
  for (size_t n = 1; n < bytes.size(); ++n) EXPECT_FALSE(Check<v1::Vector>(bytes.substr(0, n)).ok()) << n;
}

TEST(HostileWireTest, AFloodOfUnknownFieldsIsRefusedAtTheFirst) {
  std::string flood;
  for (int i = 0; i < 100'000; ++i) flood += "\x78\x01";
  EXPECT_EQ(Check<v1::WriteRequest>(flood).message(), "unknown field 15 in a engram.v1.WriteRequest");
}

// Two bytes become a message of some hundred: what the budget lets through is bounded, however long the body.
TEST(HostileWireTest, WhatPassesStaysWithinABoundedMemory) {
  std::string bytes;
  for (size_t i = 0; i < kElementBudget / kMessageCost; ++i) bytes += "\x0a\x00"s;
  ASSERT_TRUE(Check<v1::WriteRequest>(bytes).ok());
  v1::WriteRequest request;
  ASSERT_TRUE(request.ParseFromString(bytes));
  EXPECT_LT(request.SpaceUsedLong(), size_t{128} << 20);
  EXPECT_FALSE(Check<v1::WriteRequest>(bytes + "\x0a\x00"s).ok());
}

}  // namespace
}  // namespace engram
