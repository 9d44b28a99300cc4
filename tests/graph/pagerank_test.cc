#include "graph/pagerank.h"

#include <cmath>
#include <map>
#include <numeric>

#include <gtest/gtest.h>

#include "random_edges.h"

namespace engram {
namespace {

constexpr uint32_t kNodes = 15;
constexpr double kRounding = 1e-12;

using Matrix = std::vector<std::vector<double>>;

// Weights of steps from node to node; a self-loop is one step in every direction.
Matrix WeightsOf(const std::vector<Edge>& edges, Direction direction) {
  Matrix weights(kNodes, std::vector<double>(kNodes));
  for (const Edge& edge : edges) {
    const uint32_t a = edge.source.value;
    const uint32_t b = edge.target.value;
    if (direction != Direction::kIn) weights[a][b] += edge.weight;
    if (direction == Direction::kIn || (direction == Direction::kBoth && a != b)) weights[b][a] += edge.weight;
  }
  return weights;
}

// p = alpha * s + (1 - alpha) * p * P, iterated until nothing moves.
std::vector<double> PowerIteration(const Matrix& weights, const std::vector<double>& seeds, double restart) {
  std::vector<double> p = seeds;
  for (int i = 0; i < 2000; ++i) {
    std::vector<double> next(kNodes);
    for (uint32_t u = 0; u < kNodes; ++u) {
      next[u] += restart * seeds[u];
      const double total = std::accumulate(weights[u].begin(), weights[u].end(), 0.0);
      for (uint32_t v = 0; v < kNodes; ++v) {
        next[v] += (1 - restart) * p[u] * (total > 0 ? weights[u][v] / total : seeds[v]);
      }
    }
    p = next;
  }
  return p;
}

std::vector<double> ScoresByNode(const PageRank& rank) {
  std::vector<double> scores(kNodes);
  for (const RankedNode& node : rank.nodes) scores[node.node.value] = node.score;
  return scores;
}

std::vector<Edge> RandomGraph(RandomEdges& random, bool unit_weights) {
  std::vector<Edge> edges;
  for (uint32_t i = random.Below(40); i > 0; --i) {
    Edge edge = MakeEdge(random.Node().value, random.Node().value, unit_weights ? 1 : random.Below(10) / 4.0);
    edge.id = std::to_string(i);
    edges.push_back(edge);
  }
  return edges;
}

class PageRankTest : public testing::TestWithParam<uint64_t> {
 protected:
  PageRankOptions RandomOptions() {
    PageRankOptions options;
    for (uint32_t i = random_.Below(3); i < 3; ++i) options.seeds.emplace_back(random_.Node(), random_.Below(5) + 1.0);
    options.restart = 0.1 + random_.Below(9) / 10.0;
    options.epsilon = std::pow(10, -static_cast<double>(random_.Below(6)) - 1);
    options.direction = static_cast<Direction>(random_.Below(3));
    return options;
  }

  std::vector<double> SeedShares(const PageRankOptions& options) {
    std::vector<double> shares(kNodes);
    double total = 0;
    for (const auto& [node, weight] : options.seeds) total += weight;
    for (const auto& [node, weight] : options.seeds) shares[node.value] += weight / total;
    return shares;
  }

  RandomEdges random_{TestSeed(GetParam()), kNodes};
};

TEST_P(PageRankTest, IsBelowPowerIterationByItsResidualInSum) {
  SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(TestSeed(GetParam())));
  for (int round = 0; round < 60; ++round) {
    const std::vector<Edge> edges = RandomGraph(random_, /*unit_weights=*/false);
    const MemoryKv kv = StoreOf(edges);
    PageRankOptions options = RandomOptions();
    if (random_.OneIn(4)) options.pushes_max = random_.Below(20);
    const auto rank = ForwardPush(*RowNeighbors(kv, {}, std::nullopt, {0}), options);
    ASSERT_TRUE(rank.ok());
    const auto exact = PowerIteration(WeightsOf(edges, options.direction), SeedShares(options), options.restart);
    const auto pushed = ScoresByNode(*rank);
    double missing = 0;
    for (uint32_t u = 0; u < kNodes; ++u) {
      EXPECT_LE(pushed[u], exact[u] + kRounding);
      missing += exact[u] - pushed[u];
    }
    EXPECT_NEAR(missing, rank->residual, kRounding);
  }
}

TEST_P(PageRankTest, IsBelowByLessThanEpsilonPerEdgeWhereWalksAreSymmetric) {
  SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(TestSeed(GetParam())));
  for (int round = 0; round < 60; ++round) {
    std::vector<Edge> edges = RandomGraph(random_, /*unit_weights=*/true);
    for (uint32_t u = 0; u < kNodes; ++u) edges.push_back(MakeEdge(u, (u + 1) % kNodes));  // no dead ends
    const MemoryKv kv = StoreOf(edges);
    PageRankOptions options = RandomOptions();
    options.direction = Direction::kBoth;
    const auto rank = ForwardPush(*RowNeighbors(kv, {}, std::nullopt, {0}), options);
    ASSERT_TRUE(rank.ok());
    const Matrix weights = WeightsOf(edges, options.direction);
    const auto exact = PowerIteration(weights, SeedShares(options), options.restart);
    const auto pushed = ScoresByNode(*rank);
    for (uint32_t u = 0; u < kNodes; ++u) {
      const double degree = std::accumulate(weights[u].begin(), weights[u].end(), 0.0);
      EXPECT_LT(exact[u] - pushed[u], options.epsilon * degree + kRounding);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, PageRankTest, testing::Range<uint64_t>(1, 5));

Result<PageRank> RankIn(const std::vector<Edge>& edges, const PageRankOptions& options) {
  const MemoryKv kv = StoreOf(edges);
  return ForwardPush(*RowNeighbors(kv, {}, std::nullopt, {0}), options);
}

TEST(PageRankClaimsTest, WalksOfAHubAreNotReadForNothing) {
  // The hub has 5,000 edges; what reaches it could be pushed along 900 at most.
  std::vector<Edge> edges = {MakeEdge(1, 0)};
  for (uint32_t i = 2; i < 5'000; ++i) edges.push_back(MakeEdge(0, i));
  class Counting final : public NeighborSource {
   public:
    explicit Counting(const NeighborSource& base) : base_(base) {}
    Status Visit(NodeNumber node, Direction direction, const std::function<bool(const Step&)>& visit) const override {
      return base_.Visit(node, direction, [&](const Step& step) {
        ++steps;
        return visit(step);
      });
    }
    mutable size_t steps = 0;

   private:
    const NeighborSource& base_;
  };
  const MemoryKv kv = StoreOf(edges);
  const auto rows = RowNeighbors(kv, {}, std::nullopt, {0});
  const Counting counting(*rows);
  PageRankOptions options;
  options.seeds = {{NodeNumber(1), 1}};
  options.epsilon = 1e-3;
  const auto rank = ForwardPush(counting, options);
  ASSERT_TRUE(rank.ok());
  EXPECT_LT(counting.steps, 2'000u);
  ASSERT_EQ(rank->nodes.size(), 2u) << "the hub is scored, its crowd is not";
  EXPECT_NEAR(rank->nodes[0].score, 0.15, kRounding);
  EXPECT_NEAR(rank->nodes[1].score, 0.15 * 0.85, kRounding);
}

TEST(PageRankClaimsTest, ScalingAllWeightsChangesNothing) {
  std::vector<Edge> edges;
  for (uint32_t i = 1; i < 9; ++i) edges.push_back(MakeEdge(i, i * 5 % 9, i));
  PageRankOptions options;
  options.seeds = {{NodeNumber(1), 1}};
  const auto rank = RankIn(edges, options);
  for (Edge& edge : edges) edge.weight *= 0x1p900;
  const auto scaled = RankIn(edges, options);
  ASSERT_EQ(rank->nodes.size(), scaled->nodes.size());
  for (size_t i = 0; i < rank->nodes.size(); ++i) {
    EXPECT_EQ(rank->nodes[i].node, scaled->nodes[i].node);
    EXPECT_EQ(rank->nodes[i].score, scaled->nodes[i].score);
  }
}

TEST(PageRankClaimsTest, BestFirstAndEqualsByNumber) {
  PageRankOptions options;
  options.seeds = {{NodeNumber(5), 1}};
  const auto rank = RankIn({MakeEdge(5, 9), MakeEdge(5, 2), MakeEdge(5, 7)}, options);
  std::vector<uint32_t> order;
  for (const RankedNode& node : rank->nodes) order.push_back(node.node.value);
  EXPECT_EQ(order, (std::vector<uint32_t>{5, 2, 7, 9}));
}

TEST(PageRankClaimsTest, EdgesOfWeightZeroAreNotWalked) {
  PageRankOptions options;
  options.seeds = {{NodeNumber(1), 2}};
  const auto rank = RankIn({MakeEdge(1, 2, 0)}, options);
  ASSERT_EQ(rank->nodes.size(), 1u);
  EXPECT_NEAR(rank->nodes[0].score + rank->residual, 1, kRounding);
}

TEST(PageRankClaimsTest, OptionsOutOfRangeAreTheCallersMistake) {
  const auto field = [](PageRankOptions options) { return RankIn({}, options).status().field(); };
  const std::vector<std::pair<NodeNumber, double>> seeds = {{NodeNumber(1), 1}};
  EXPECT_EQ(field({.seeds = {}}), "seeds");
  EXPECT_EQ(field({.seeds = {{NodeNumber(1), 0}}}), "seeds");
  EXPECT_EQ(field({.seeds = {{NodeNumber(1), 1 / 0.0}}}), "seeds");
  EXPECT_EQ(field({.seeds = seeds, .restart = 0}), "restart");
  EXPECT_EQ(field({.seeds = seeds, .restart = 1.1}), "restart");
  EXPECT_EQ(field({.seeds = seeds, .epsilon = 0}), "epsilon");
  EXPECT_EQ(field({.seeds = seeds, .epsilon = 0 / 0.0}), "epsilon");
}

}  // namespace
}  // namespace engram
