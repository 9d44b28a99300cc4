#include "bench/compare/results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <simdjson.h>

namespace engram::compare {
namespace {

void AddCurve(const std::string& system, const std::vector<RecallPoint>& curve, Results* results) {
  double ef = 10;
  for (const RecallPoint& point : curve) {
    const Point at{"vector", system, "some", {{"ef", ef++}, {"connections", 1.0}}};
    results->Add(at, "qps", "1/s", point.qps);
    results->Add(at, "recall_at_10", "ratio", point.recall);
  }
}

TEST(ResultsTest, TheMedianOfAnEvenCountLiesBetweenTheMiddleTwo) {
  EXPECT_EQ((Metric{"ms", {4, 1, 3}}).Median(), 3);
  EXPECT_EQ((Metric{"ms", {4, 1, 3, 2}}).Median(), 2.5);
}

TEST(ResultsTest, WhatVariesByMoreThanAFifthIsUnsteady) {
  EXPECT_FALSE((Metric{"ms", {90, 100, 110}}).unsteady());
  EXPECT_TRUE((Metric{"ms", {90, 100, 111}}).unsteady());
  EXPECT_FALSE((Metric{"ms", {7}}).unsteady());
}

TEST(ResultsTest, SpeedAtARecallLiesBetweenItsNeighboursOnALogarithmicScale) {
  const std::optional<Reached> reached = SpeedAt({{0.9, 4000}, {1.0, 1000}}, 0.95);
  ASSERT_TRUE(reached);
  EXPECT_NEAR(reached->qps, 2000, 1e-6);
  EXPECT_FALSE(reached->least);
}

TEST(ResultsTest, ACurveThatFindsMoreEverywhereCountsWithItsQuickestPoint) {
  const std::optional<Reached> reached = SpeedAt({{0.99, 500}, {0.97, 800}, {0.98, 900}}, 0.95);
  ASSERT_TRUE(reached);
  EXPECT_EQ(reached->qps, 900);
  EXPECT_TRUE(reached->least);
}

TEST(ResultsTest, ACurveThatEndsBelowReachesNothing) {
  EXPECT_FALSE(SpeedAt({{0.8, 500}, {0.94, 100}}, 0.95));
  EXPECT_FALSE(SpeedAt({}, 0.95));
}

TEST(ResultsTest, ComparesSystemsAtEqualRecallWhateverTheirEf) {
  Results results("abc");
  AddCurve("engram", {{0.9, 8000}, {1.0, 2000}}, &results);
  AddCurve("slow", {{0.5, 4000}, {0.95, 1000}}, &results);
  const std::vector<AtRecall> all = AtEqualRecall(results.measurements());
  std::vector<std::string> told;
  for (const AtRecall& at : all) {
    told.push_back(at.system + " " + std::to_string(at.recall).substr(0, 4));
    if (at.system != "slow" || at.recall != 0.95) continue;
    EXPECT_NEAR(at.qps, 1000, 1e-6);
    EXPECT_NEAR(at.ratio_to_engram, 0.25, 1e-6);
  }
  EXPECT_THAT(told,
              testing::UnorderedElementsAre("engram 0.90", "engram 0.95", "engram 0.99", "slow 0.90", "slow 0.95"));
}

TEST(ResultsTest, JsonTellsRunsOfAPointTogetherAndWhatIsMissing) {
  Results results("abc");
  results.AddSystem("engram", "1 \"beta\"", {{"ef", "100", "because"}});
  results.AddMissing("other", "no network");
  results.AddData("some", 10, 4, "made up");
  const Point point{"text", "engram", "some", {{"words", 2.0}, {"kind", "x\ny"}}};
  for (const double qps : {30.0, 10.0, 20.0}) results.Add(point, "qps", "1/s", qps);

  simdjson::dom::parser parser;
  const std::string json = results.Json();
  simdjson::dom::element all;
  ASSERT_EQ(parser.parse(json).get(all), simdjson::SUCCESS) << json;
  EXPECT_EQ(std::string_view(all["systems"].at(0)["version"]), "1 \"beta\"");
  EXPECT_EQ(std::string_view(all["missing"].at(0)["why"]), "no network");
  const simdjson::dom::element measurement = all["measurements"].at(0);
  EXPECT_EQ(int64_t(measurement["runs"]), 3);
  EXPECT_EQ(double(measurement["parameters"]["words"]), 2);
  EXPECT_EQ(std::string_view(measurement["parameters"]["kind"]), "x\ny");
  EXPECT_EQ(double(measurement["metrics"]["qps"]["median"]), 20);
  EXPECT_EQ(double(measurement["metrics"]["qps"]["max"]), 30);
  EXPECT_TRUE(bool(measurement["metrics"]["qps"]["unsteady"]));
  results.AddMissing("other", "hybrid", FailedPrecondition("it has none"));
  EXPECT_FALSE(results.failed());
  results.AddMissing("other", "text", Internal("broke"));
  EXPECT_TRUE(results.failed());
}

}  // namespace
}  // namespace engram::compare
