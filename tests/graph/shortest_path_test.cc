#include <gtest/gtest.h>

#include "graph/traversal.h"
#include "random_edges.h"

namespace engram {
namespace {

// Every walk of at most hops_max edges, one after the other.
class Enumeration {
 public:
  Enumeration(const std::vector<Edge>& edges, const PathOptions& options) : edges_(edges), options_(options) {
    From(options.source, 0, 0);
  }
  struct Best {
    double cost;
    uint32_t hops;
    bool operator==(const Best&) const = default;
  };
  std::optional<Best> best;

 private:
  void From(NodeNumber node, double cost, uint32_t hops) {
    if (node == options_.target && (!best || cost < best->cost || (cost == best->cost && hops < best->hops))) {
      best = Best{cost, hops};
    }
    if (hops == options_.hops_max) return;
    for (const Edge& edge : edges_) {
      if (edge.weight == 0) continue;
      const double next = cost + 1 / edge.weight;
      if (options_.direction != Direction::kIn && edge.source == node) From(edge.target, next, hops + 1);
      if (options_.direction != Direction::kOut && edge.target == node) From(edge.source, next, hops + 1);
    }
  }
  const std::vector<Edge>& edges_;
  const PathOptions& options_;
};

void ExpectWalkable(const Path& path, const PathOptions& options) {
  ASSERT_EQ(path.nodes.size(), path.edges.size() + 1);
  EXPECT_EQ(path.nodes.front(), options.source);
  EXPECT_EQ(path.nodes.back(), options.target);
  double cost = 0;
  for (size_t i = 0; i < path.edges.size(); ++i) {
    const Edge& edge = path.edges[i];
    const bool forward = edge.source == path.nodes[i] && edge.target == path.nodes[i + 1];
    const bool backward = edge.target == path.nodes[i] && edge.source == path.nodes[i + 1];
    EXPECT_TRUE((forward && options.direction != Direction::kIn) || (backward && options.direction != Direction::kOut));
    cost += 1 / edge.weight;
  }
  EXPECT_EQ(cost, path.cost);
}

class ShortestPathTest : public testing::TestWithParam<uint64_t> {};

TEST_P(ShortestPathTest, IsTheBestOfAllWalks) {
  const uint64_t seed = TestSeed(GetParam());
  SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(seed));
  RandomEdges random(seed, 7);
  for (int round = 0; round < 150; ++round) {
    std::vector<Edge> edges;
    for (uint32_t i = random.Below(16); i > 0; --i) {
      Edge edge = MakeEdge(random.Node().value, random.Node().value, random.Below(8));
      edge.id = std::to_string(i);
      edges.push_back(edge);
    }
    const MemoryKv kv = StoreOf(edges);
    const PathOptions options{.source = random.Node(),
                              .target = random.Node(),
                              .hops_max = random.Below(5),
                              .direction = static_cast<Direction>(random.Below(3))};
    const auto path = ShortestPath(*RowNeighbors(kv, {}, std::nullopt, {0}), options);
    ASSERT_TRUE(path.ok());
    const auto best = Enumeration(edges, options).best;
    ASSERT_EQ(path->has_value(), best.has_value());
    if (!best) continue;
    ASSERT_NO_FATAL_FAILURE(ExpectWalkable(**path, options));
    EXPECT_EQ((Enumeration::Best{(*path)->cost, static_cast<uint32_t>((*path)->edges.size())}), *best);
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, ShortestPathTest, testing::Range<uint64_t>(1, 5));

Result<std::optional<Path>> PathIn(const std::vector<Edge>& edges, PathOptions options) {
  const MemoryKv kv = StoreOf(edges);
  return ShortestPath(*RowNeighbors(kv, {}, std::nullopt, {0}), options);
}

std::vector<uint32_t> NodesOf(const Result<std::optional<Path>>& path) {
  std::vector<uint32_t> nodes;
  for (const NodeNumber node : (*path)->nodes) nodes.push_back(node.value);
  return nodes;
}

TEST(ShortestPathClaimsTest, TheHopBoundMayForbidTheCheapestWay) {
  const std::vector<Edge> edges = {MakeEdge(1, 2, 10), MakeEdge(2, 3, 10), MakeEdge(3, 4, 10), MakeEdge(1, 4, 1)};
  EXPECT_EQ(NodesOf(PathIn(edges, {.source = NodeNumber(1), .target = NodeNumber(4), .hops_max = 3})),
            (std::vector<uint32_t>{1, 2, 3, 4}));
  EXPECT_EQ(NodesOf(PathIn(edges, {.source = NodeNumber(1), .target = NodeNumber(4), .hops_max = 2})),
            (std::vector<uint32_t>{1, 4}));
}

TEST(ShortestPathClaimsTest, AmongEqualsTheFewestHopsThenTheFirstInWalkOrder) {
  const std::vector<Edge> edges = {MakeEdge(1, 3, 1), MakeEdge(1, 2, 1), MakeEdge(2, 9, 1), MakeEdge(3, 9, 1)};
  EXPECT_EQ(NodesOf(PathIn(edges, {.source = NodeNumber(1), .target = NodeNumber(9)})),
            (std::vector<uint32_t>{1, 2, 9}));
  std::vector<Edge> with_direct = edges;
  with_direct.push_back(MakeEdge(1, 9, 0.5));
  EXPECT_EQ(NodesOf(PathIn(with_direct, {.source = NodeNumber(1), .target = NodeNumber(9)})),
            (std::vector<uint32_t>{1, 9}));
}

TEST(ShortestPathClaimsTest, FromANodeToItselfCostsNothing) {
  const auto path = PathIn({}, {.source = NodeNumber(5), .target = NodeNumber(5)});
  EXPECT_EQ(NodesOf(path), std::vector<uint32_t>{5});
  EXPECT_EQ((*path)->cost, 0);
}

TEST(ShortestPathClaimsTest, TakesTheStrongestOfParallelEdges) {
  const auto path = PathIn({MakeEdge(1, 2, 1, "a"), MakeEdge(1, 2, 4, "b"), MakeEdge(1, 2, 2, "c")},
                           {.source = NodeNumber(1), .target = NodeNumber(2)});
  EXPECT_EQ((*path)->edges.at(0).type, "b");
}

TEST(ShortestPathClaimsTest, SaysWhenItsBudgetWasNotEnoughToKnow) {
  const std::vector<Edge> edges = {MakeEdge(1, 2), MakeEdge(1, 3), MakeEdge(3, 4)};
  PathOptions options{.source = NodeNumber(1), .target = NodeNumber(4), .edges_max = 2};
  EXPECT_EQ(PathIn(edges, options).status().code(), StatusCode::kUnprocessable);
  options.edges_max = 3;
  EXPECT_TRUE(PathIn(edges, options).ok());
  options.hops_max = 9;
  EXPECT_EQ(PathIn(edges, options).status().field(), "max_hops");
}

}  // namespace
}  // namespace engram
