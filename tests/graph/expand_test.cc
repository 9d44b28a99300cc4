#include <map>
#include <set>

#include <gtest/gtest.h>

#include "graph/traversal.h"
#include "random_edges.h"

namespace engram {
namespace {

std::vector<Edge> RandomGraph(RandomEdges& random, uint32_t count) {
  std::vector<Edge> edges;
  for (uint32_t i = 0; i < count; ++i) {
    Edge edge = random.Next({0});
    edge.id = "e" + std::to_string(i);
    edge.valid_from.reset();
    edge.valid_to.reset();
    edges.push_back(edge);
  }
  return edges;
}

// Where a step from `node` along `edge` leads, if it may.
std::optional<NodeNumber> Across(const Edge& edge, NodeNumber node, Direction direction) {
  if (direction != Direction::kIn && edge.source == node) return edge.target;
  if (direction != Direction::kOut && edge.target == node) return edge.source;
  return std::nullopt;
}

// Relaxes all edges `hops` times.
std::map<NodeNumber, uint32_t> NaiveDistances(const std::vector<Edge>& edges, const ExpandOptions& options) {
  std::map<NodeNumber, uint32_t> distances;
  for (const NodeNumber seed : options.seeds) distances[seed] = 0;
  for (uint32_t hop = 1; hop <= options.hops; ++hop) {
    const auto before = distances;
    for (const auto& [node, distance] : before) {
      for (const Edge& edge : edges) {
        if (const auto other = Across(edge, node, options.direction)) distances.try_emplace(*other, hop);
      }
    }
  }
  return distances;
}

std::set<std::string> NaiveEdges(const std::vector<Edge>& edges, const ExpandOptions& options,
                                 const std::map<NodeNumber, uint32_t>& distances) {
  std::set<std::string> ids;
  for (const auto& [node, distance] : distances) {
    for (const Edge& edge : edges) {
      if (distance < options.hops && Across(edge, node, options.direction)) ids.insert(edge.id);
    }
  }
  return ids;
}

class ExpandTest : public testing::TestWithParam<uint64_t> {};

TEST_P(ExpandTest, ReachesWhatRelaxingAllEdgesReaches) {
  const uint64_t seed = TestSeed(GetParam());
  SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(seed));
  RandomEdges random(seed, 12);
  for (int round = 0; round < 60; ++round) {
    const std::vector<Edge> edges = RandomGraph(random, random.Below(30));
    const MemoryKv kv = StoreOf(edges);
    ExpandOptions options;
    for (uint32_t i = random.Below(3); i < 3; ++i) options.seeds.push_back(random.Node());
    options.hops = random.Below(5);
    options.direction = static_cast<Direction>(random.Below(3));
    const auto expansion = Expand(*RowNeighbors(kv, {}, std::nullopt, {0}), options);
    ASSERT_TRUE(expansion.ok());
    EXPECT_FALSE(expansion->truncated);

    const auto expected = NaiveDistances(edges, options);
    std::map<NodeNumber, uint32_t> distances;
    uint32_t last = 0;
    for (const ReachedNode& reached : expansion->nodes) {
      EXPECT_TRUE(distances.emplace(reached.node, reached.distance).second) << "each node once";
      EXPECT_GE(reached.distance, last);
      last = reached.distance;
    }
    EXPECT_EQ(distances, expected);
    std::set<std::string> ids;
    for (const Edge& edge : expansion->edges) EXPECT_TRUE(ids.insert(edge.id).second) << "each edge once";
    EXPECT_EQ(ids, NaiveEdges(edges, options, expected));
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ExpandTest, testing::Range<uint64_t>(1, 5));

class ExpandBoundsTest : public testing::Test {
 protected:
  // 1 -> 10 … 19, each -> 20.
  ExpandBoundsTest() {
    for (uint32_t i = 10; i < 20; ++i) {
      EXPECT_TRUE(PutEdge(kv_, MakeEdge(1, i), kv_).ok());
      EXPECT_TRUE(PutEdge(kv_, MakeEdge(i, 20), kv_).ok());
    }
  }
  Result<Expansion> Run(ExpandOptions options) {
    options.seeds = {NodeNumber(1)};
    options.hops = 2;
    return Expand(*RowNeighbors(kv_, {}, std::nullopt, {0}), options);
  }
  MemoryKv kv_;
};

TEST_F(ExpandBoundsTest, StopsAtNodesMaxAndSaysSo) {
  const auto expansion = Run({.nodes_max = 4});
  ASSERT_TRUE(expansion.ok());
  EXPECT_EQ(expansion->nodes.size(), 4u);
  EXPECT_EQ(expansion->edges.size(), 3u);
  EXPECT_TRUE(expansion->truncated);
  EXPECT_FALSE(Run({.nodes_max = 12})->truncated) << "12 nodes are all there are";
}

TEST_F(ExpandBoundsTest, StopsAtEdgesMaxAndSaysSo) {
  const auto expansion = Run({.direction = Direction::kOut, .edges_max = 12});
  ASSERT_TRUE(expansion.ok());
  EXPECT_EQ(expansion->edges.size(), 12u);
  EXPECT_TRUE(expansion->truncated);
  EXPECT_FALSE(Run({.direction = Direction::kOut, .edges_max = 20})->truncated);
}

TEST_F(ExpandBoundsTest, TooManyHopsAreTheCallersMistake) {
  const auto expansion = Expand(*RowNeighbors(kv_, {}, std::nullopt, {0}), {.hops = 9});
  EXPECT_EQ(expansion.status().field(), "hops");
}

TEST(ExpandStatusTest, ASeedWithoutEdgesIsReachedAlone) {
  const MemoryKv kv;
  const auto expansion = Expand(*RowNeighbors(kv, {}, std::nullopt, {0}), {.seeds = {NodeNumber(3), NodeNumber(3)}});
  ASSERT_EQ(expansion->nodes.size(), 1u);
  EXPECT_EQ(expansion->nodes[0].node, NodeNumber(3));
}

}  // namespace
}  // namespace engram
