// Walks by ids (read_view.h) and filters over edges.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/read_view.h"
#include "tests/engine/search/test_namespace.h"

namespace engram::search {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

Edge Typed(std::string type, double weight = 1) {
  Edge edge;
  edge.type = std::move(type);
  edge.weight = weight;
  return edge;
}

std::vector<std::string> NodeIds(const ExpandReply& reply) {
  std::vector<std::string> ids;
  for (const auto& [node, distance] : reply.nodes) ids.push_back(node.node.id + "@" + std::to_string(distance));
  return ids;
}

class WalkTest : public ::testing::Test {
 protected:
  WalkTest() {
    ns_.Write({"a", "tea"});
    ns_.Write({"b", "milk"});
    ns_.Link("ann", "a", Typed("likes"));
    ns_.Link("a", "b", Typed("near", 2));
    ns_.Link("b", "far", Typed("near"));
    ns_.Link("ann", "far", Typed("near", 0.1));
  }
  WalkRequest From(std::vector<std::string> seeds) {
    WalkRequest request;
    request.seeds = std::move(seeds);
    return request;
  }
  Filter EdgeFilterOf(const Value::Object& filter) { return *ParseEdgeFilter(Value(filter)); }

  TestNamespace ns_;
};

TEST_F(WalkTest, ExpandNamesNodesDistancesAndEdges) {
  const auto reply = ExpandGraph(ns_.View(), From({"a"}));
  ASSERT_TRUE(reply.ok());
  EXPECT_THAT(NodeIds(*reply), ElementsAre("a@0", "ann@1", "b@1"));
  EXPECT_TRUE(reply->nodes[0].first.is_memory);
  EXPECT_FALSE(reply->nodes[1].first.is_memory);
  EXPECT_EQ(reply->nodes[1].first.degrees.out, 2u);
  EXPECT_EQ(reply->nodes[1].first.degrees.in, 0u);
  ASSERT_EQ(reply->edges.size(), 2u);
  EXPECT_EQ(reply->edges[0].source_id, "ann");
  EXPECT_EQ(reply->edges[0].target_id, "a");
  EXPECT_FALSE(reply->truncated);
}

TEST_F(WalkTest, LimitsAreToldAsTruncation) {
  WalkRequest request = From({"a"});
  request.hops = 3;
  request.limit = 2;
  const auto reply = ExpandGraph(ns_.View(), request);
  EXPECT_TRUE(reply->truncated);
  EXPECT_EQ(reply->nodes.size(), 2u);
}

TEST_F(WalkTest, FiltersByAnythingOfAnEdge) {
  WalkRequest request = From({"ann"});
  request.filter = EdgeFilterOf({{"weight", Value::Object{{"lt", 1}}}});
  EXPECT_THAT(NodeIds(*ExpandGraph(ns_.View(), request)), ElementsAre("ann@0", "far@1"));
  request.filter = EdgeFilterOf({{"target", "a"}});
  EXPECT_THAT(NodeIds(*ExpandGraph(ns_.View(), request)), ElementsAre("ann@0", "a@1"));
}

TEST_F(WalkTest, PathsAreTheCheapest) {
  WalkRequest request = From({"ann"});
  request.target = "far";
  request.hops = 4;
  const auto path = FindGraphPath(ns_.View(), request);
  ASSERT_TRUE(path.ok());
  EXPECT_TRUE(path->found);
  EXPECT_THAT(path->nodes, ElementsAre("ann", "a", "b", "far"));
  EXPECT_DOUBLE_EQ(path->cost, 2.5);
  EXPECT_EQ(path->edges.size(), 3u);
  request.hops = 1;
  EXPECT_THAT(FindGraphPath(ns_.View(), request)->nodes, ElementsAre("ann", "far"));
  std::swap(request.seeds[0], request.target);
  request.direction = Direction::kOut;
  EXPECT_FALSE(FindGraphPath(ns_.View(), request)->found);
}

TEST_F(WalkTest, RanksByPersonalisedPageRank) {
  WalkRequest request = From({"ann"});
  request.limit = 3;
  const auto ranks = RankGraph(ns_.View(), request);
  ASSERT_TRUE(ranks.ok());
  ASSERT_EQ(ranks->nodes.size(), 3u);
  EXPECT_GE(ranks->nodes[0].second, ranks->nodes[1].second);
  EXPECT_GE(ranks->residual, 0);
}

TEST_F(WalkTest, UnknownSeedsAreNamed) {
  for (const auto& status :
       {ExpandGraph(ns_.View(), From({"a", "ghost"})).status(), RankGraph(ns_.View(), From({"a", "ghost"})).status()}) {
    EXPECT_EQ(status.code(), StatusCode::kNotFound);
    EXPECT_EQ(status.field(), "seeds[1]");
    EXPECT_THAT(status.message(), HasSubstr("ghost"));
  }
  WalkRequest path = From({"a"});
  path.target = "ghost";
  EXPECT_EQ(FindGraphPath(ns_.View(), path).status().field(), "target");
  EXPECT_EQ(ReadNode(ns_.View(), "ghost").status().code(), StatusCode::kNotFound);
}

TEST_F(WalkTest, DeletedAndExpiredMemoriesAreNotShown) {
  StateRecord mortal;
  mortal.expires_at = Timestamp::FromSeconds(2'000'000);
  ns_.Write({"b", "milk", {}, {}, mortal});
  EXPECT_THAT(NodeIds(*ExpandGraph(ns_.View(), From({"a"}))), ElementsAre("a@0", "ann@1", "b@1"));
  ns_.SetTime(Timestamp::FromSeconds(2'000'000));
  const auto reply = ExpandGraph(ns_.View(), From({"a"}));
  EXPECT_THAT(NodeIds(*reply), ElementsAre("a@0", "ann@1"));
  EXPECT_EQ(reply->edges.size(), 1u);
  EXPECT_EQ(ReadNode(ns_.View(), "b").status().code(), StatusCode::kNotFound);
  EXPECT_EQ(ExpandGraph(ns_.View(), From({"b"})).status().code(), StatusCode::kNotFound);
}

TEST_F(WalkTest, NoWayLeadsThroughAnExpiredMemory) {
  StateRecord mortal;
  mortal.expires_at = Timestamp::FromSeconds(2'000'000);
  ns_.Write({"b", "milk", {}, {}, mortal});
  ns_.Write({"c", "sugar", {}, {}, mortal});
  ns_.Unlink("e4");
  ns_.Link("a", "other", Typed("near"), "c");
  WalkRequest path = From({"a"});
  path.target = "far";
  path.hops = 3;
  EXPECT_TRUE(FindGraphPath(ns_.View(), path)->found);
  WalkRequest by_id = From({"a"});
  by_id.hops = 3;
  by_id.filter = EdgeFilterOf({{"source", Value::Object{{"ne", "nobody"}}}});  // walks over rows
  EXPECT_EQ(NodeIds(*ExpandGraph(ns_.View(), by_id)).size(), 5u);

  ns_.SetTime(Timestamp::FromSeconds(2'000'000));
  EXPECT_FALSE(FindGraphPath(ns_.View(), path)->found);
  EXPECT_THAT(NodeIds(*ExpandGraph(ns_.View(), by_id)), ElementsAre("a@0", "ann@1"));
  by_id.filter.reset();
  EXPECT_THAT(NodeIds(*ExpandGraph(ns_.View(), by_id)), ElementsAre("a@0", "ann@1"));
  EXPECT_EQ(RankGraph(ns_.View(), From({"a"}))->nodes.size(), 2u);
  EXPECT_EQ(ReadNode(ns_.View(), "far")->degrees.in, 0u);
  EXPECT_EQ(ListNamedEdges(ns_.View(), {})->edges.size(), 1u);
  EdgeListQuery all;
  all.include_retired = true;
  EXPECT_GT(ListNamedEdges(ns_.View(), all)->edges.size(), 3u);
}

TEST_F(WalkTest, NodesHaveTheirDegrees) {
  const auto node = ReadNode(ns_.View(), "ann");
  ASSERT_TRUE(node.ok());
  EXPECT_EQ(node->node.id, "ann");
  EXPECT_FALSE(node->is_memory);
  EXPECT_EQ(node->degrees.out, 2u);
  EXPECT_EQ(node->degrees.in, 0u);
}

TEST_F(WalkTest, ListsPageByCursorUnderAFilter) {
  EdgeListQuery query;
  query.filter = EdgeFilterOf({{"type", "near"}});
  query.limit = 2;
  std::vector<std::string> ends;
  do {
    const auto page = ListNamedEdges(ns_.View(), query);
    ASSERT_TRUE(page.ok());
    for (const NamedEdge& edge : page->edges) ends.push_back(edge.source_id + ">" + edge.target_id);
    query.cursor = page->next_cursor;
  } while (!query.cursor.empty());
  EXPECT_THAT(ends, UnorderedElementsAre("a>b", "b>far", "ann>far"));
  EdgeListQuery of_node;
  of_node.node_id = "a";
  of_node.direction = Direction::kOut;
  EXPECT_EQ(ListNamedEdges(ns_.View(), of_node)->edges.size(), 1u);
}

TEST_F(WalkTest, AWalkInThePastUsesTheEdgesOfThatTime) {
  const Timestamp before = ns_.now();
  ns_.SetTime(Timestamp::FromSeconds(1'500'000));
  ns_.Unlink("e1");
  EXPECT_THAT(NodeIds(*ExpandGraph(ns_.View(), From({"a"}))), ElementsAre("a@0", "b@1"));
  WalkRequest past = From({"a"});
  past.as_of = before;
  const auto reply = ExpandGraph(ns_.View(), past);
  EXPECT_THAT(NodeIds(*reply), UnorderedElementsAre("a@0", "ann@1", "b@1"));
}

TEST_F(WalkTest, AWalkStopsAtTheDeadline) {
  ns_.clock().Advance(std::chrono::seconds(1));
  const ReadView late = ns_.View(std::chrono::nanoseconds(1));
  EXPECT_EQ(ExpandGraph(late, From({"a"})).status().code(), StatusCode::kDeadlineExceeded);
}

TEST(EdgeFilterTest, KnowsTheFieldsOfEdgesOnly) {
  EXPECT_TRUE(ParseEdgeFilter(Value(Value::Object{{"source", 7}, {"valid_to", "2026-01-01T00:00:00Z"}})).ok());
  const auto unknown = ParseEdgeFilter(Value(Value::Object{{"importance", 1}}));
  EXPECT_EQ(unknown.status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(unknown.status().field(), "filter.importance");
  EXPECT_THAT(unknown.status().message(), HasSubstr("valid_from"));
  EXPECT_FALSE(ParseEdgeFilter(Value(Value::Object{{"valid_to", "soon"}})).ok());
  EXPECT_FALSE(ParseFilter(Value(Value::Object{{"valid_to", "2026-01-01T00:00:00Z"}})).ok());
}

TEST(EdgeFilterTest, MatchesWhatTheEdgeIs) {
  NamedEdge edge;
  edge.edge.id = "e";
  edge.edge.weight = 2;
  edge.edge.valid_from = *ParseRfc3339("2026-01-01T00:00:00Z");
  edge.edge.metadata["why"] = "said so";
  edge.source_id = "7";
  const AttributeFields fields = EdgeFields(edge);
  const auto matches = [&](const Value::Object& filter) { return Matches(*ParseEdgeFilter(Value(filter)), fields); };
  EXPECT_TRUE(matches({{"source", 7}, {"weight", 2.0}}));
  EXPECT_TRUE(matches({{"valid_from", Value::Object{{"lte", "2026-01-01T01:00:00+01:00"}}}}));
  EXPECT_TRUE(matches({{"metadata.why", Value::Object{{"contains", "so"}}}}));
  EXPECT_TRUE(matches({{"memory_id", Value()}}));
  EXPECT_FALSE(matches({{"target", "7"}}));
}

}  // namespace
}  // namespace engram::search
