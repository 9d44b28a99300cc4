#include "api/json_syntax.h"

#include <gtest/gtest.h>

#include "api/json.h"
#include "engram/v1/memory.pb.h"
#include "engram/v1/value.pb.h"

namespace engram {
namespace {

std::string Refusal(std::string_view json) {
  v1::Value value;
  const Status status = ParseJson(json, &value);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument) << json;
  return status.message();
}

TEST(JsonSyntaxTest, AMistakeIsToldWithItsByteOffset) {
  EXPECT_EQ(Refusal(""), "broken JSON at byte 0: the text ends where a value should be");
  EXPECT_EQ(Refusal("  "), "broken JSON at byte 2: the text ends where a value should be");
  EXPECT_EQ(Refusal("[1,]"), "broken JSON at byte 3: expected a value");
  EXPECT_EQ(Refusal("[1 2]"), "broken JSON at byte 3: expected ',' or ']'");
  EXPECT_EQ(Refusal("{\"a\":1,}"), "broken JSON at byte 7: expected a key in double quotes");
  EXPECT_EQ(Refusal("{\"a\" 1}"), "broken JSON at byte 5: expected ':'");
  EXPECT_EQ(Refusal("{\"a\":1"), "broken JSON at byte 6: the text ends where ',' or '}' should be");
  EXPECT_EQ(Refusal("[\"a"), "broken JSON at byte 1: this string does not end");
  EXPECT_EQ(Refusal("[1] x"), "broken JSON at byte 4: more text after the end");
  EXPECT_EQ(Refusal("[nul]"), "broken JSON at byte 1: expected a value");
  EXPECT_EQ(Refusal("['a']"), "broken JSON at byte 1: expected a value");
}

TEST(JsonSyntaxTest, NumbersMustBeWrittenAsJsonDoesAndFit) {
  EXPECT_EQ(Refusal("[01]"), "broken JSON at byte 1: a number has no leading zero");
  EXPECT_EQ(Refusal("[1.]"), "broken JSON at byte 3: expected a digit");
  EXPECT_EQ(Refusal("[-]"), "broken JSON at byte 2: expected a digit");
  EXPECT_EQ(Refusal("[1e400]"), "broken JSON at byte 1: this number is beyond the range of a double");
  EXPECT_EQ(Refusal("[18446744073709551616]"), "broken JSON at byte 1: this integer does not fit 64 bits");
  EXPECT_EQ(Refusal("[-9223372036854775809]"), "broken JSON at byte 1: this integer does not fit 64 bits");
  EXPECT_EQ(Refusal("[NaN]"), "broken JSON at byte 1: expected a value");
}

TEST(JsonSyntaxTest, StringsMustBeUtf8WithPairedSurrogates) {
  EXPECT_EQ(Refusal("\"\xff\""), "broken JSON at byte 1: not valid UTF-8");
  EXPECT_EQ(Refusal("\"a\xc0\xaf\""), "broken JSON at byte 2: not valid UTF-8");
  EXPECT_EQ(Refusal("\"\xed\xa0\x80\""), "broken JSON at byte 1: not valid UTF-8");
  EXPECT_EQ(Refusal("\"\\ud800\""), "broken JSON at byte 1: a lone surrogate");
  EXPECT_EQ(Refusal("\"a\\udc00\""), "broken JSON at byte 2: a lone surrogate");
  EXPECT_EQ(Refusal("\"\\ud800\\ud800\""), "broken JSON at byte 1: a lone surrogate");
  EXPECT_EQ(Refusal("\"\\ud800\\u0041\""), "broken JSON at byte 1: a lone surrogate");
  EXPECT_EQ(Refusal("\"\\x41\""), "broken JSON at byte 1: unknown escape");
  EXPECT_EQ(Refusal("\"\\u00g0\""), "broken JSON at byte 1: \\u needs four hexadecimal digits");
  EXPECT_EQ(Refusal("\"\x01\""), "broken JSON at byte 1: a control character in a string must be escaped");

  v1::Value value;
  ASSERT_TRUE(ParseJson("\"\\\\ud800 \\ud83d\\ude00\\n\"", &value).ok());
  EXPECT_EQ(value.string_value(), "\\ud800 😀\n");
}

TEST(JsonSyntaxTest, SixtyFourLevelsAreReadAndSixtyFiveAreNot) {
  const auto nested = [](size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
  v1::Value value;
  EXPECT_TRUE(ParseJson(nested(kJsonDepthMax), &value).ok());
  const Status status = ParseJson(nested(kJsonDepthMax + 1), &value);
  EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "nested deeper than 64 levels");
  // Far beyond the parser's own stack, closed or not.
  EXPECT_FALSE(ParseJson(nested(100'000), &value).ok());
  EXPECT_FALSE(ParseJson(std::string(100'000, '['), &value).ok());

  // The containers around a value count, too.
  v1::CountRequest request;
  const auto filter = [&](size_t levels) { return "{\"filter\":" + nested(levels) + "}"; };
  EXPECT_TRUE(ParseJson(filter(kJsonDepthMax - 1), &request).ok());
  EXPECT_FALSE(ParseJson(filter(kJsonDepthMax), &request).ok());
}

}  // namespace
}  // namespace engram
