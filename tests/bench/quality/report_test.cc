#include "bench/quality/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace engram::quality {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(FigureTest, MissesOutsideItsToleranceOnEitherSide) {
  EXPECT_FALSE((Figure{0.5054, 0.5, 0.005}).misses());
  EXPECT_TRUE((Figure{0.5061, 0.5, 0.005}).misses());
  EXPECT_TRUE((Figure{0.4939, 0.5, 0.005}).misses());
}

TEST(FigureTest, AFloorIsMissedFromBelowOnly) {
  EXPECT_FALSE((Figure{0.9, 0.5, 0, true}).misses());
  EXPECT_FALSE((Figure{0.4996, 0.5, 0, true}).misses());
  EXPECT_TRUE((Figure{0.4994, 0.5, 0, true}).misses());
}

TEST(FigureTest, WithoutAStatedFigureThereIsNothingToMiss) { EXPECT_FALSE((Figure{.value = 0}).misses()); }

TEST(ReportTest, SaysWhichRowFailedAndCountsIt) {
  Report report;
  Table& table = report.Add("T", "set");
  table.Set("good", "MAP", {0.3, 0.3, 0.005});
  table.Set("bad", "MAP", {0.2, 0.3, 0.005});
  table.Set("bad", "MRR", {.value = 0.25});
  EXPECT_EQ(report.stated(), 2u);
  EXPECT_EQ(report.missed(), 1u);
  const std::string text = report.Markdown();
  EXPECT_THAT(text, HasSubstr("| good | 0.300 (0.300) |  | OK |"));
  EXPECT_THAT(text, HasSubstr("| bad | 0.200 (0.300) MISS | 0.250 | FAIL |"));
  EXPECT_THAT(text, HasSubstr("1 of 2 stated figures met."));
}

TEST(ReportTest, TablesWithoutRowsAreLeftOut) {
  Report report;
  report.Add("Nothing here", "set");
  EXPECT_THAT(report.Markdown(), Not(HasSubstr("Nothing here")));
}

TEST(TableTest, MeansAreOverTheRowsThatHaveTheColumn) {
  Table table("T", "set");
  EXPECT_EQ(table.ColumnMean("MRR"), std::nullopt);
  table.Set("a", "MRR", {.value = 0.25});
  table.Set("b", "MRR", {.value = 0.75});
  table.Set("c", "MAP", {.value = 9});
  EXPECT_EQ(table.ColumnMean("MRR"), 0.5);
}

}  // namespace
}  // namespace engram::quality
