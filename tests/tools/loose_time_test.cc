#include "tools/import/loose_time.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

namespace engram {
namespace {

std::string Parsed(std::string_view text) {
  const auto time = ParseLooseTime(text);
  return time.ok() ? FormatRfc3339(*time) : "refused";
}

TEST(LooseTimeTest, WithoutAZoneItIsUtc) {
  EXPECT_EQ(Parsed("2025-03-01"), "2025-03-01T00:00:00Z");
  EXPECT_EQ(Parsed("2025-03-01 12:30"), "2025-03-01T12:30:00Z");
  EXPECT_EQ(Parsed("2025-03-01T12:30:05"), "2025-03-01T12:30:05Z");
  EXPECT_EQ(Parsed("2025-03-01 12:30:05.250"), "2025-03-01T12:30:05.250Z");
  EXPECT_EQ(Parsed("  2025-03-01 12:30:05\n"), "2025-03-01T12:30:05Z");
}

TEST(LooseTimeTest, ZonesAreTakenInEverySpelling) {
  EXPECT_EQ(Parsed("2025-03-01T12:30:05Z"), "2025-03-01T12:30:05Z");
  EXPECT_EQ(Parsed("2025-03-01T12:30:05+02:00"), "2025-03-01T10:30:05Z");
  EXPECT_EQ(Parsed("2025-03-01 12:30:05 +0200"), "2025-03-01T10:30:05Z");
  EXPECT_EQ(Parsed("2025-03-01 12:30:05-05"), "2025-03-01T17:30:05Z");
  EXPECT_EQ(Parsed("2025-03-01 12:30+02:00"), "2025-03-01T10:30:00Z");
}

TEST(LooseTimeTest, NumbersTellTheirUnitByTheirSize) {
  EXPECT_EQ(Parsed("1740832205"), "2025-03-01T12:30:05Z");
  EXPECT_EQ(Parsed("1740832205.25"), "2025-03-01T12:30:05.250Z");
  EXPECT_EQ(Parsed("1740832205250"), "2025-03-01T12:30:05.250Z");
  EXPECT_EQ(Parsed("1740832205250001"), "2025-03-01T12:30:05.250001Z");
  EXPECT_EQ(Parsed("1740832205250001999"), "2025-03-01T12:30:05.250001Z");
  EXPECT_EQ(Parsed("-1"), "1969-12-31T23:59:59Z");
}

TEST(LooseTimeTest, AnythingElseIsRefused) {
  for (const char* text : {"", "yesterday", "2025-13-01", "2025-03-01 25:00", "01.03.2025", "2025-03-01x", "12:30"}) {
    EXPECT_EQ(Parsed(text), "refused") << text;
  }
  EXPECT_FALSE(FromEpochNumber(std::numeric_limits<double>::infinity()).ok());
  EXPECT_FALSE(FromEpochNumber(std::nan("")).ok());
}

}  // namespace
}  // namespace engram
