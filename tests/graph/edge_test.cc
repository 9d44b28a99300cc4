#include "graph/edge.h"

#include <gtest/gtest.h>

namespace engram {
namespace {

TEST(EdgeTest, HoldsFromItsFirstMomentUpToItsLast) {
  Edge edge;
  edge.valid_from = Timestamp{10};
  edge.valid_to = Timestamp{20};
  edge.recorded = Timestamp{12};
  edge.retired = Timestamp{18};
  EXPECT_FALSE(ValidAt(edge, {9}));
  EXPECT_TRUE(ValidAt(edge, {10}));
  EXPECT_TRUE(ValidAt(edge, {19}));
  EXPECT_FALSE(ValidAt(edge, {20}));
  EXPECT_FALSE(HoldsAt(edge, {11}));
  EXPECT_TRUE(HoldsAt(edge, {12}));
  EXPECT_TRUE(HoldsAt(edge, {17}));
  EXPECT_FALSE(HoldsAt(edge, {18}));
}

TEST(EdgeTest, WithoutTimesHoldsForever) {
  const Edge edge;
  EXPECT_TRUE(HoldsAt(edge, Timestamp::Max()));
  EXPECT_FALSE(HoldsAt(edge, {-1})) << "recorded at 0";
  EXPECT_TRUE(ValidAt(edge, {INT64_MIN}));
}

TEST(EdgeTest, DefaultIdTellsEveryPartApart) {
  const Scopes ann{.user_id = "ann", .agent_id = "", .run_id = "", .app_id = "", .actor_id = ""};
  const Scopes agent_ann{.user_id = "", .agent_id = "ann", .run_id = "", .app_id = "", .actor_id = ""};
  const std::string id = DefaultEdgeId(ann, "ab", "c", "d");
  EXPECT_EQ(id.size(), 32u);
  EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_EQ(id, DefaultEdgeId(ann, "ab", "c", "d"));
  EXPECT_NE(id, DefaultEdgeId(agent_ann, "ab", "c", "d"));
  EXPECT_NE(id, DefaultEdgeId(ann, "a", "bc", "d"));
  EXPECT_NE(id, DefaultEdgeId(ann, "d", "c", "ab"));
}

}  // namespace
}  // namespace engram
