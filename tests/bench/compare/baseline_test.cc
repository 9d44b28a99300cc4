#include "bench/compare/baseline.h"

#include <gtest/gtest.h>

#include "bench/compare/results.h"

namespace engram::compare {
namespace {

struct Figure {
  std::string system;
  std::string metric;
  std::string unit;
  double value;
};

std::string JsonOf(const std::vector<Figure>& figures) {
  Results results("abc");
  for (const Figure& f : figures) results.Add({"vector", f.system, "some", {{"ef", 40.0}}}, f.metric, f.unit, f.value);
  return results.Json();
}

std::vector<Regression> Compare(const std::vector<Figure>& before, const std::vector<Figure>& now) {
  Result<std::vector<Regression>> regressions = Regressions(JsonOf(before), JsonOf(now));
  EXPECT_TRUE(regressions.ok()) << regressions.status().ToString();
  return std::move(regressions).value();
}

TEST(BaselineTest, ASlowerMachineIsNoRegression) {
  EXPECT_TRUE(Compare({{"engram", "qps", "1/s", 1000}, {"other", "qps", "1/s", 100}},
                      {{"engram", "qps", "1/s", 500}, {"other", "qps", "1/s", 50}})
                  .empty());
}

TEST(BaselineTest, StandingWorseBesideAnotherSystemIsOne) {
  const auto found = Compare({{"engram", "qps", "1/s", 1000}, {"other", "qps", "1/s", 100}},
                             {{"engram", "qps", "1/s", 880}, {"other", "qps", "1/s", 100}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].beside, "other");
  EXPECT_NEAR(found[0].worse, 0.12, 1e-9);
  EXPECT_NE(found[0].what.find("qps"), std::string::npos) << found[0].what;
}

TEST(BaselineTest, LatenciesAreWorseWhenTheyGrow) {
  EXPECT_EQ(Compare({{"engram", "p99_ms", "ms", 2}}, {{"engram", "p99_ms", "ms", 2.3}}).size(), 1U);
  EXPECT_TRUE(Compare({{"engram", "p99_ms", "ms", 2}}, {{"engram", "p99_ms", "ms", 1}}).empty());
}

TEST(BaselineTest, ATenthIsTolerated) {
  EXPECT_TRUE(Compare({{"engram", "qps", "1/s", 1000}}, {{"engram", "qps", "1/s", 901}}).empty());
  EXPECT_EQ(Compare({{"engram", "qps", "1/s", 1000}}, {{"engram", "qps", "1/s", 899}}).size(), 1U);
}

TEST(BaselineTest, CountsAreNeitherBetterNorWorse) {
  EXPECT_TRUE(Compare({{"engram", "hits", "count", 10}}, {{"engram", "hits", "count", 1}}).empty());
}

TEST(BaselineTest, WhatIsNoResultIsRefused) {
  EXPECT_EQ(Regressions("{}", JsonOf({})).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Regressions(JsonOf({}), "not JSON").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Regressions(R"({"measurements":[{"workload":"x"}]})", JsonOf({})).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace engram::compare
