#include "base/log.h"

#include <algorithm>
#include <limits>
#include <thread>

#include <gtest/gtest.h>

#include "base/testing/captured_logs.h"

namespace engram {
namespace {

std::string LineOf(LogValue value) { return FormatLogLine({}, LogLevel::kInfo, "e", {{"v", value}}); }

// The JSON of field v.
std::string JsonOf(LogValue value) {
  const std::string line = LineOf(value);
  const size_t start = line.find("\"v\":") + 4;
  return line.substr(start, line.size() - start - 1);
}

TEST(LogTest, ALineIsTimeLevelEventAndFieldsInTheirOrder) {
  const std::string line = FormatLogLine({1'767'323'045'678'000}, LogLevel::kWarning, "listen",
                                         {{"address", "::1"}, {"port", 7700}, {"tls", false}, {"load", 0.5}});
  EXPECT_EQ(line, R"({"time":"2026-01-02T03:04:05.678Z","level":"warning","event":"listen",)"
                  R"("address":"::1","port":7700,"tls":false,"load":0.5})");
}

TEST(LogTest, TypesStayWhatTheyAre) {
  EXPECT_EQ(JsonOf(int64_t{INT64_MIN}), "-9223372036854775808");
  EXPECT_EQ(JsonOf(uint64_t{UINT64_MAX}), "18446744073709551615");
  EXPECT_EQ(JsonOf(uint16_t{80}), "80");
  EXPECT_EQ(JsonOf(true), "true");
  EXPECT_EQ(JsonOf(1.25f), "1.25");
  EXPECT_EQ(JsonOf("text"), "\"text\"");
  EXPECT_EQ(JsonOf(std::string("text")), "\"text\"");
  EXPECT_EQ(JsonOf(std::numeric_limits<double>::quiet_NaN()), "\"nan\"");
  EXPECT_EQ(JsonOf(-std::numeric_limits<double>::infinity()), "\"-inf\"");
}

TEST(LogTest, NobodyCanForgeALine) {
  EXPECT_EQ(JsonOf("a\n{\"level\":\"error\"}"), R"("a\n{\"level\":\"error\"}")");
  EXPECT_EQ(JsonOf("back\\slash\""), R"("back\\slash\"")");
  EXPECT_EQ(JsonOf(std::string_view("\0\x1b[2J\r\x7f", 7)), R"("\u0000\u001b[2J\u000d\u007f")");
  // C1 controls and Unicode's line separators, as UTF-8.
  EXPECT_EQ(JsonOf("\xc2\x9b\xe2\x80\xa8\xe2\x80\xa9"), R"("\u009b\u2028\u2029")");
}

TEST(LogTest, EveryByteStringBecomesOneLineOfPrintableText) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string text = {static_cast<char>(a), static_cast<char>(b)};
      const std::string json = JsonOf(text);
      ASSERT_TRUE(
          std::none_of(json.begin(), json.end(), [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; }))
          << a << " " << b;
    }
  }
}

TEST(LogTest, InvalidUtf8IsReplacedAndValidUtf8IsKept) {
  const std::string replacement = "\xEF\xBF\xBD";
  EXPECT_EQ(JsonOf("größe 東京 🙂"), "\"größe 東京 🙂\"");
  EXPECT_EQ(JsonOf("a\xff"), "\"a" + replacement + "\"");
  EXPECT_EQ(JsonOf("\xc3"), "\"" + replacement + "\"");                                      // cut short
  EXPECT_EQ(JsonOf("\xc0\xaf"), "\"" + replacement + replacement + "\"");                    // overlong
  EXPECT_EQ(JsonOf("\xe0\x80\xaf"), "\"" + replacement + replacement + replacement + "\"");  // overlong
  EXPECT_EQ(JsonOf("\xed\xa0\x80"), "\"" + replacement + replacement + replacement + "\"");  // surrogate
  EXPECT_EQ(JsonOf("\xf4\x90\x80\x80").size(), 2 + 4 * replacement.size());                  // past U+10FFFF
}

TEST(LogTest, LongStringsAreCutBetweenCharacters) {
  std::string text;
  while (text.size() < 10'000) text += "ä";
  const std::string json = JsonOf(text);
  EXPECT_LT(json.size(), 8200u);
  EXPECT_TRUE(json.ends_with("ä…\""));
  EXPECT_EQ(JsonOf(std::string(8192, 'x')).size(), 8194u);
  EXPECT_TRUE(JsonOf(std::string(8193, 'x')).ends_with("x…\""));
}

TEST(LogTest, LinesBelowTheLevelAreDropped) {
  const CapturedLogs logs;
  Log(LogLevel::kDebug, "quiet");
  Log(LogLevel::kInfo, "loud");
  SetLogLevel(LogLevel::kError);
  Log(LogLevel::kWarning, "quiet");
  EXPECT_FALSE(LogEnabled(LogLevel::kWarning));
  Log(LogLevel::kError, "loud");
  SetLogLevel(LogLevel::kInfo);
  ASSERT_EQ(logs.lines().size(), 2u);
  for (const std::string& line : logs.lines()) EXPECT_NE(line.find("\"event\":\"loud\""), std::string::npos);
}

TEST(LogTest, LevelsAreReadByName) {
  for (const LogLevel level : {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning, LogLevel::kError}) {
    EXPECT_EQ(*ParseLogLevel(LogLevelName(level)), level);
  }
  EXPECT_EQ(ParseLogLevel("INFO").status().code(), StatusCode::kInvalidArgument);
}

TEST(LogTest, LinesOfManyThreadsStayWhole) {
  const CapturedLogs logs;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([i] {
      for (int j = 0; j < 200; ++j) Log(LogLevel::kInfo, "work", {{"thread", i}, {"round", j}});
    });
  }
  for (std::thread& thread : threads) thread.join();
  const auto lines = logs.lines();
  ASSERT_EQ(lines.size(), 800u);
  for (const std::string& line : lines) {
    ASSERT_TRUE(line.starts_with("{\"time\":\"") && line.ends_with("}")) << line;
  }
}

TEST(LogTest, LinesGoToStderrOncePerEvent) {
  testing::internal::CaptureStderr();
  Log(LogLevel::kInfo, "first", {{"n", 1}});
  Log(LogLevel::kInfo, "second with a {brace}");
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 2);
  EXPECT_NE(written.find("\"event\":\"second with a {brace}\"}\n"), std::string::npos);
}

}  // namespace
}  // namespace engram
