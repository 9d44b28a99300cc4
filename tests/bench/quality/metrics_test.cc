#include "bench/quality/metrics.h"

#include <cmath>

#include <gtest/gtest.h>

namespace engram::quality {
namespace {

TEST(MetricsTest, RecallIsTheShareOfWhatIsRelevantAmongTheFirst) {
  std::vector<size_t> ranked;
  for (size_t row = 0; row < 200; ++row) ranked.push_back(row);
  const QueryFigures figures = Judge(ranked, {3, 50, 150, 999});
  EXPECT_DOUBLE_EQ(Of(figures, Metric::kRecall10), 0.25);
  EXPECT_DOUBLE_EQ(Of(figures, Metric::kRecall100), 0.5);
  EXPECT_DOUBLE_EQ(Of(figures, Metric::kPrecision30), 1.0 / 30);
}

TEST(MetricsTest, RanksCountFromOne) {
  const QueryFigures figures = Judge({7, 8, 9, 5}, {8, 5});
  EXPECT_DOUBLE_EQ(Of(figures, Metric::kMrr), 1.0 / 2);
  EXPECT_DOUBLE_EQ(Of(figures, Metric::kMap), (1.0 / 2 + 2.0 / 4) / 2);
}

TEST(MetricsTest, RelevantRowsThatAreNotFoundCountAgainstAveragePrecision) {
  EXPECT_DOUBLE_EQ(Of(Judge({1}, {1, 2, 3, 4}), Metric::kMap), 1.0 / 4);
}

TEST(MetricsTest, NdcgComparesWithTheBestPossibleOrder) {
  EXPECT_DOUBLE_EQ(Of(Judge({4, 2}, {2, 4}), Metric::kNdcg10), 1);
  const double best = 1 + 1 / std::log2(3.0);
  EXPECT_DOUBLE_EQ(Of(Judge({1, 4, 2}, {2, 4}), Metric::kNdcg10), (1 / std::log2(3.0) + 1 / std::log2(4.0)) / best);
}

TEST(MetricsTest, NdcgSeesTenRowsOnBothSides) {
  std::set<size_t> relevant;
  std::vector<size_t> ranked;
  for (size_t row = 0; row < 20; ++row) relevant.insert(row);
  for (size_t row = 0; row < 10; ++row) ranked.push_back(row);
  EXPECT_DOUBLE_EQ(Of(Judge(ranked, relevant), Metric::kNdcg10), 1);
}

TEST(MetricsTest, NothingFoundIsNothingWorth) { EXPECT_EQ(Judge({}, {1}), QueryFigures{}); }

TEST(MetricsTest, EveryQueryWeighsTheSame) {
  const QueryFigures mean = Mean({Judge({1}, {1}), Judge({}, {1}), Judge({2}, {1}), Judge({2, 1}, {1})});
  EXPECT_DOUBLE_EQ(Of(mean, Metric::kMrr), (1 + 0.5) / 4);
  EXPECT_EQ(Mean({}), QueryFigures{});
}

}  // namespace
}  // namespace engram::quality
