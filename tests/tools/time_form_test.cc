#include "tools/import/time_form.h"

#include <gtest/gtest.h>

#include "tools/import/loose_time.h"

namespace engram {
namespace {

constexpr Timestamp kTime{1'740'832'205'123'456};  // 2025-03-01T12:30:05.123456Z

std::string Text(const TimeForm& form, Timestamp time = kTime) { return std::get<std::string>(form.Write(time)); }

TEST(TimeFormTest, TextIsWrittenAsItStandsThere) {
  EXPECT_EQ(Text(TimeForm()), "2025-03-01T12:30:05.123456Z");
  EXPECT_EQ(Text(TimeForm::Of("2024-01-01T00:00:00Z")), "2025-03-01T12:30:05Z");
  EXPECT_EQ(Text(TimeForm::Of("2024-01-01 00:00:00")), "2025-03-01 12:30:05");
  EXPECT_EQ(Text(TimeForm::Of("2024-01-01 00:00")), "2025-03-01 12:30");
  EXPECT_EQ(Text(TimeForm::Of("2024-01-01")), "2025-03-01");
  EXPECT_EQ(Text(TimeForm::Of("2024-01-01T00:00:00.500Z")), "2025-03-01T12:30:05.123Z");
  EXPECT_EQ(Text(TimeForm::Of("2024-01-01T00:00:00.000001+00:00")), "2025-03-01T12:30:05.123456+00:00");
  EXPECT_EQ(Text(TimeForm::Of("2024-01-01T00:00:00-08:00")), "2025-03-01T04:30:05-08:00");
  EXPECT_EQ(Text(TimeForm::Of("1704067200")), "1740832205");
  EXPECT_EQ(Text(TimeForm::Of("no time at all")), "2025-03-01T12:30:05.123456Z");
  EXPECT_EQ(Text(TimeForm::Of("2024-01-01T00:00:00.5Z"), Timestamp::FromSeconds(1'740'832'205)),
            "2025-03-01T12:30:05Z");
}

TEST(TimeFormTest, NumbersKeepTheirUnit) {
  const auto number = [](int64_t sample) { return std::get<int64_t>(TimeForm::Of(sample).Write(kTime)); };
  EXPECT_EQ(number(1'700'000'000), 1'740'832'205);
  EXPECT_EQ(number(1'700'000'000'000), 1'740'832'205'123);
  EXPECT_EQ(number(1'700'000'000'000'000), 1'740'832'205'123'456);
  EXPECT_EQ(number(1'700'000'000'000'000'001), 1'740'832'205'123'456'000);
  EXPECT_EQ(std::get<double>(TimeForm::Of(1'700'000'000.5).Write(kTime)), 1'740'832'205.123456);
  EXPECT_EQ(std::get<double>(TimeForm::Of(1'700'000'000'000.0).Write(kTime)), 1'740'832'205'123.0);
}

TEST(TimeFormTest, WhatWasWrittenReadsBackAsWhatItKeeps) {
  for (const char* sample : {"2024-01-01T00:00:00.123456Z", "2024-01-01 00:00:00.123456", "1700000000000000",
                             "2024-01-01T00:00:00.123456+05:30"}) {
    const auto read = ParseLooseTime(Text(TimeForm::Of(sample)));
    ASSERT_TRUE(read.ok()) << sample;
    EXPECT_EQ(read->micros, kTime.micros) << sample;
  }
  const auto before_1970 = ParseLooseTime(Text(TimeForm::Of("2024-01-01T00:00:00Z"), {-1'500'000}));
  ASSERT_TRUE(before_1970.ok());
  EXPECT_EQ(before_1970->micros, -2'000'000);
}

TEST(TimeFormTest, TheFinestOfSeveralTellsWhatAllMayHold) {
  const TimeForm coarse = TimeForm::Of("2024-01-01T00:00:00Z");
  const TimeForm fine = TimeForm::Of("2024-01-01T00:00:00.123456Z");
  EXPECT_EQ(Text(coarse.Finer(fine)), "2025-03-01T12:30:05.123456Z");
  EXPECT_EQ(Text(fine.Finer(coarse)), "2025-03-01T12:30:05.123456Z");
}

}  // namespace
}  // namespace engram
