#include "base/timestamp.h"

#include <random>

#include <gtest/gtest.h>

#include "base/testing/test_seed.h"

namespace engram {
namespace {

Timestamp Parsed(std::string_view text) {
  const auto time = ParseRfc3339(text);
  EXPECT_TRUE(time.ok()) << text << ": " << time.status().ToString();
  return time.ok() ? *time : Timestamp();
}

TEST(TimestampTest, KnownMomentsReadAndWriteAsTheyShould) {
  const std::pair<const char*, int64_t> known[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"2001-09-09T01:46:40Z", 1'000'000'000'000'000},
      {"2024-02-29T12:00:00.5Z", 1'709'208'000'500'000},
      {"1969-12-31T23:59:59.999999Z", -1},
      {"0001-01-01T00:00:00Z", -62'135'596'800'000'000},
      {"9999-12-31T23:59:59.999999Z", 253'402'300'799'999'999},
      {"2026-07-04T08:09:10.000001Z", 1'783'152'550'000'001},
  };
  for (const auto& [text, micros] : known) {
    EXPECT_EQ(Parsed(text).micros, micros) << text;
    EXPECT_EQ(Parsed(FormatRfc3339({micros})).micros, micros) << text;
  }
}

TEST(TimestampTest, TheFractionHasNoneThreeOrSixDigits) {
  EXPECT_EQ(FormatRfc3339({0}), "1970-01-01T00:00:00Z");
  EXPECT_EQ(FormatRfc3339({120'000}), "1970-01-01T00:00:00.120Z");
  EXPECT_EQ(FormatRfc3339({120'001}), "1970-01-01T00:00:00.120001Z");
  EXPECT_EQ(FormatRfc3339({-1}), "1969-12-31T23:59:59.999999Z");
}

TEST(TimestampTest, OffsetsAndLowerCaseAreTheSameMoment) {
  const Timestamp noon = Parsed("2026-01-02T12:00:00Z");
  for (const char* text : {"2026-01-02T12:00:00z", "2026-01-02t12:00:00Z", "2026-01-02 12:00:00Z",
                           "2026-01-02T13:30:00+01:30", "2026-01-02T00:00:00-12:00", "2026-01-02T12:00:00-00:00"}) {
    EXPECT_EQ(Parsed(text), noon) << text;
  }
}

TEST(TimestampTest, FurtherFractionDigitsAreCutNotRounded) {
  EXPECT_EQ(Parsed("1970-01-01T00:00:00.1234569Z").micros, 123'456);
  EXPECT_EQ(Parsed("1970-01-01T00:00:00.99999999999999999999999999Z").micros, 999'999);
}

TEST(TimestampTest, ALeapSecondIsTheNextSecond) {
  EXPECT_EQ(Parsed("2016-12-31T23:59:60Z"), Parsed("2017-01-01T00:00:00Z"));
}

TEST(TimestampTest, WhatIsNoTimeIsRefused) {
  for (const char* text : {"",
                           "2026",
                           "2026-01-02",
                           "2026-01-02T03:04:05",
                           "2026-13-02T03:04:05Z",
                           "2026-00-02T03:04:05Z",
                           "2026-02-29T03:04:05Z",
                           "2026-04-31T03:04:05Z",
                           "2026-01-00T03:04:05Z",
                           "2026-01-02T24:00:00Z",
                           "2026-01-02T03:60:05Z",
                           "2026-01-02T03:04:61Z",
                           "2026-01-02T03:04:05.Z",
                           "2026-01-02T03:04:05,5Z",
                           "2026-01-02T03:04:05+24:00",
                           "2026-01-02T03:04:05+01",
                           "2026-01-02T03:04:05+0100",
                           "2026-01-02T03:04:05ZZ",
                           " 2026-01-02T03:04:05Z",
                           "2026-01-02T03:04:05Z ",
                           "0000-01-01T00:00:00Z",
                           "-001-01-01T00:00:00Z",
                           "10000-01-01T00:00:00Z",
                           "2026-1-2T03:04:05Z",
                           "2026/01/02T03:04:05Z",
                           "1767322800"}) {
    EXPECT_EQ(ParseRfc3339(text).status().code(), StatusCode::kInvalidArgument) << text;
  }
}

TEST(TimestampTest, WhatIsWrittenIsReadBack) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(SeedTrace(seed));
  std::mt19937_64 random(seed);
  std::uniform_int_distribution<int64_t> micros(-62'135'596'800'000'000, 253'402'300'799'999'999);
  for (int i = 0; i < 20'000; ++i) {
    const Timestamp time{micros(random)};
    ASSERT_EQ(Parsed(FormatRfc3339(time)), time) << time.micros;
  }
}

TEST(TimestampTest, AddingSecondsStopsAtTheEnds) {
  EXPECT_EQ(Timestamp{5}.PlusSeconds(2), Timestamp{2'000'005});
  EXPECT_EQ(Timestamp{5}.PlusSeconds(INT64_MAX), Timestamp::Max());
  EXPECT_EQ(Timestamp{INT64_MAX - 1}.PlusSeconds(1), Timestamp::Max());
  EXPECT_EQ(Timestamp{5}.PlusSeconds(INT64_MIN), Timestamp{INT64_MIN});
}

}  // namespace
}  // namespace engram
