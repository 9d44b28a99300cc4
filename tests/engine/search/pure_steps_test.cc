// The steps after fusion that are pure functions.
#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/search/adjust.h"
#include "engine/search/diversify.h"
#include "engine/search/edge_scope.h"
#include "engine/search/group.h"

namespace engram::search {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(RecencyTest, HalvesWithEveryHalfLife) {
  const RecencyOptions recency{"", 3600, 0.2};
  const Timestamp now = Timestamp::FromSeconds(1'000'000);
  EXPECT_DOUBLE_EQ(RecencyShare(recency, now, now), 0.2);
  EXPECT_DOUBLE_EQ(RecencyShare(recency, Timestamp::FromSeconds(1'000'000 - 3600), now), 0.1);
  EXPECT_DOUBLE_EQ(RecencyShare(recency, Timestamp::FromSeconds(1'000'000 - 7200), now), 0.05);
}

TEST(RecencyTest, AgesAreNeverNegative) {
  const RecencyOptions recency{"", 3600, 0.2};
  EXPECT_DOUBLE_EQ(RecencyShare(recency, Timestamp::FromSeconds(5000), Timestamp::FromSeconds(10)), 0.2);
  EXPECT_EQ(RecencyShare(recency, Timestamp{INT64_MIN}, Timestamp::Max()), 0);
}

TEST(FinalScoreTest, AddsAdjustmentsInTheOrderOfTheirNames) {
  EXPECT_EQ(FinalScore(0.1, {{"recency", 0.3}, {"context", 0.2}}), 0.1 + 0.2 + 0.3);
}

Status NeverLate() { return {}; }

std::vector<size_t> Mmr(const std::vector<double>& scores, double diversity, size_t k,
                        const std::function<double(size_t, size_t)>& similarity) {
  std::vector<size_t> order(scores.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  return *Diversify(order, scores, similarity, {diversity, k}, NeverLate);
}

TEST(DiversifyTest, PrefersALessAlikeHitOverATwin) {
  // 0 and 1 are twins; 2 is a stranger. Relevance: 1, 0.9, 0.
  const auto similarity = [](size_t a, size_t b) { return a + b == 1 ? 1.0 : 0.0; };
  EXPECT_THAT(Mmr({1.0, 0.95, 0.5}, 0.5, 3, similarity), ElementsAre(0, 2, 1));
  EXPECT_THAT(Mmr({1.0, 0.95, 0.5}, 0.2, 3, similarity), ElementsAre(0, 1, 2));
}

TEST(DiversifyTest, ScalesRelevanceSoThatSmallScoresCountTheSame) {
  const auto similarity = [](size_t a, size_t b) { return a + b == 1 ? 1.0 : 0.0; };
  EXPECT_THAT(Mmr({0.016, 0.0155, 0.011}, 0.2, 3, similarity), ElementsAre(0, 1, 2));
}

TEST(DiversifyTest, APageIsThePrefixOfALongerOne) {
  const auto similarity = [](size_t a, size_t b) { return a % 3 == b % 3 ? 0.9 : 0.1; };
  const std::vector<double> scores = {9, 8, 7, 6, 5, 4, 3, 2, 1};
  const std::vector<size_t> whole = Mmr(scores, 0.6, 9, similarity);
  const std::vector<size_t> page = Mmr(scores, 0.6, 4, similarity);
  EXPECT_EQ(page, std::vector<size_t>(whole.begin(), whole.begin() + 4));
}

TEST(DiversifyTest, StopsAtTheDeadline) {
  const auto late = [] { return DeadlineExceeded("late"); };
  const auto none = [](size_t, size_t) { return 0.0; };
  EXPECT_EQ(Diversify({0, 1}, {2, 1}, none, {0.5, 2}, late).status().code(), StatusCode::kDeadlineExceeded);
}

TEST(GroupTest, KeepsTheBestOfEachValueInTheOrderOfTheirFirst) {
  const std::vector<Value> values = {"a", "b", "a", "a", "b"};
  EXPECT_THAT(GroupHits({0, 1, 2, 3, 4}, values, {2, 0, 10}), ElementsAre(0, 2, 1, 4));
  EXPECT_THAT(GroupHits({0, 1, 2, 3, 4}, values, {1, 0, 10}), ElementsAre(0, 1));
}

TEST(GroupTest, CountsPagesInGroups) {
  const std::vector<Value> values = {"a", "b", "c", "a"};
  EXPECT_THAT(GroupHits({0, 1, 2, 3}, values, {2, 0, 1}), ElementsAre(0, 3));
  EXPECT_THAT(GroupHits({0, 1, 2, 3}, values, {2, 1, 2}), ElementsAre(1, 2));
  EXPECT_THAT(GroupHits({0, 1, 2, 3}, values, {2, 3, 2}), IsEmpty());
}

TEST(GroupTest, MemoriesWithoutTheFieldStandAlone) {
  const std::vector<Value> values = {Value(), "a", Value(), "a"};
  EXPECT_THAT(GroupHits({0, 1, 2, 3}, values, {1, 0, 10}), ElementsAre(0, 1, 2));
}

TEST(GroupTest, NumbersGroupByValue) {
  const std::vector<Value> values = {1, 1.0, 2};
  EXPECT_THAT(GroupHits({0, 1, 2}, values, {1, 0, 10}), ElementsAre(0, 2));
}

Edge EdgeOf(std::string user, std::string run) {
  Edge edge;
  edge.scopes.user_id = std::move(user);
  edge.scopes.run_id = std::move(run);
  return edge;
}

EdgeScope ScopeOf(const Value::Object& filter) {
  EdgeScope scope;
  scope.Require(*ParseFilter(Value(filter)));
  return scope;
}

TEST(EdgeScopeTest, TakesTheScopesThatEveryMatchMustHave) {
  const EdgeScope scope = ScopeOf(
      {{"user_id", "ann"}, {"metadata.topic", "tea"}, {"run_id", Value::Object{{"in", Value::List{"r1", "r2"}}}}});
  EXPECT_TRUE(scope.Passes(EdgeOf("ann", "r2")));
  EXPECT_FALSE(scope.Passes(EdgeOf("ann", "r3")));
  EXPECT_FALSE(scope.Passes(EdgeOf("bob", "r1")));
  EXPECT_FALSE(scope.Passes(EdgeOf("ann", "")));
}

TEST(EdgeScopeTest, ConditionsUnderOrAndNotBindNoEdge) {
  const Value either = Value::List{Value::Object{{"user_id", "ann"}}, Value::Object{{"user_id", "bob"}}};
  EXPECT_TRUE(ScopeOf({{"or", either}}).empty());
  EXPECT_TRUE(ScopeOf({{"not", Value::Object{{"user_id", "ann"}}}}).empty());
  EXPECT_TRUE(ScopeOf({{"user_id", Value::Object{{"prefix", "a"}}}}).empty());
}

TEST(EdgeScopeTest, NullMeansAnEdgeWithoutTheScope) {
  const EdgeScope scope = ScopeOf({{"user_id", Value::Object{{"in", Value::List{"ann", Value()}}}}});
  EXPECT_TRUE(scope.Passes(EdgeOf("", "r")));
  EXPECT_TRUE(scope.Passes(EdgeOf("ann", "r")));
  EXPECT_FALSE(scope.Passes(EdgeOf("bob", "r")));
}

}  // namespace
}  // namespace engram::search
