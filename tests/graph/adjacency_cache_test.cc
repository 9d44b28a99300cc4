#include <gtest/gtest.h>

#include "graph/neighbors.h"
#include "random_edges.h"

namespace engram {
namespace {

struct SeenStep {
  NodeNumber other;
  bool outgoing;
  double weight;
  Edge edge;
  bool operator==(const SeenStep&) const = default;
};

std::vector<SeenStep> StepsAt(const NeighborSource& source, NodeNumber node, Direction direction, size_t limit) {
  std::vector<SeenStep> steps;
  const Status status = source.Visit(node, direction, [&](const Step& step) {
    steps.push_back({step.other, step.outgoing, step.weight, step.edge()});
    return steps.size() < limit;
  });
  EXPECT_TRUE(status.ok());
  return steps;
}

WalkFilter RandomFilter(RandomEdges& random) {
  WalkFilter filter;
  while (random.OneIn(2)) filter.types.push_back(random.Type());
  if (random.OneIn(2)) filter.accept = [](const Edge& edge) { return edge.scopes.user_id != "user1"; };
  return filter;
}

class AdjacencyCacheTest : public testing::TestWithParam<uint64_t> {
 protected:
  void Apply(const EdgeChange& change) { cache_->Apply(change); }

  void Change(Timestamp at) {
    const uint32_t dice = random_.Below(100);
    if (dice < 70) {
      const auto change = PutEdge(kv_, random_.Next(at), kv_);
      ASSERT_TRUE(change.ok());
      Apply(*change);
    } else if (dice < 92) {
      const auto change = RetireEdge(kv_, random_.Id(), at, kv_);
      ASSERT_TRUE(change.ok());
      Apply(*change);
    } else if (dice < 97) {
      const auto changes = RetireEdgesOf(kv_, random_.Node(), at, kv_);
      ASSERT_TRUE(changes.ok());
      for (const EdgeChange& change : *changes) Apply(change);
    } else {
      const auto removed = EraseEdgesOf(kv_, random_.Node(), kv_);
      ASSERT_TRUE(removed.ok());
      for (const Edge& edge : *removed) Apply({.retired = edge});
    }
  }

  void ExpectWalksAgree(const AdjacencyCache& cache) {
    const WalkFilter filter = RandomFilter(random_);
    const Timestamp now = random_.Time();
    const auto rows = RowNeighbors(kv_, filter, std::nullopt, now);
    const auto compact = cache.Neighbors(filter, now);
    const NodeNumber node = random_.Node();
    const size_t limit = random_.OneIn(3) ? random_.Below(4) + 1 : 1000;
    for (const Direction direction : {Direction::kOut, Direction::kIn, Direction::kBoth}) {
      ASSERT_EQ(StepsAt(*compact, node, direction, limit), StepsAt(*rows, node, direction, limit));
    }
  }

  RandomEdges random_{TestSeed(GetParam()), 6};
  MemoryKv kv_;
  std::unique_ptr<AdjacencyCache> cache_ = std::make_unique<AdjacencyCache>();
};

TEST_P(AdjacencyCacheTest, WalksAsTheRowsDoAfterEveryChange) {
  SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(TestSeed(GetParam())));
  for (int64_t i = 0; i < 600; ++i) {
    ASSERT_NO_FATAL_FAILURE(Change({i}));
    ASSERT_NO_FATAL_FAILURE(ExpectWalksAgree(*cache_));
    if (i % 50 != 0) continue;
    auto rebuilt = AdjacencyCache::Build(kv_);
    ASSERT_TRUE(rebuilt.ok());
    ASSERT_EQ((*rebuilt)->edges(), cache_->edges());
    ASSERT_NO_FATAL_FAILURE(ExpectWalksAgree(**rebuilt));
    if (random_.OneIn(2)) cache_ = *std::move(rebuilt);  // go on from there
  }
}

TEST_P(AdjacencyCacheTest, CountsDownToNothing) {
  SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(TestSeed(GetParam())));
  for (int64_t i = 0; i < 100; ++i) ASSERT_NO_FATAL_FAILURE(Change({i}));
  const size_t full = cache_->MemoryBytes();
  for (uint32_t node = 0; node < 6; ++node) {
    const auto changes = RetireEdgesOf(kv_, NodeNumber(node), {1000}, kv_);
    ASSERT_TRUE(changes.ok());
    for (const EdgeChange& change : *changes) Apply(change);
  }
  EXPECT_EQ(cache_->edges(), 0u);
  EXPECT_LT(cache_->MemoryBytes(), full);
}

INSTANTIATE_TEST_SUITE_P(Seeds, AdjacencyCacheTest, testing::Range<uint64_t>(1, 9));

TEST(AdjacencyCacheDeathTest, RemovingAnUnknownEdgeIsOurBug) {
  AdjacencyCache cache;
  EXPECT_DEATH(cache.Apply({.retired = MakeEdge(1, 2)}), "");
}

TEST(RowNeighborsTest, WalksInThePastSeeWhatWasKnownAndHeldThen) {
  MemoryKv kv;
  Edge edge = MakeEdge(1, 2, 3);
  edge.recorded = Timestamp{10};
  ASSERT_TRUE(PutEdge(kv, edge, kv).ok());
  edge.target = NodeNumber(5);
  edge.recorded = Timestamp{20};
  edge.valid_from = Timestamp{25};
  ASSERT_TRUE(PutEdge(kv, edge, kv).ok());
  const auto others_at = [&](int64_t time) {
    std::vector<uint32_t> others;
    const auto source = RowNeighbors(kv, {}, Timestamp{time}, {0});
    for (const SeenStep& step : StepsAt(*source, NodeNumber(1), Direction::kOut, 9)) others.push_back(step.other.value);
    return others;
  };
  EXPECT_EQ(others_at(9), std::vector<uint32_t>());
  EXPECT_EQ(others_at(10), std::vector<uint32_t>({2}));
  EXPECT_EQ(others_at(20), std::vector<uint32_t>()) << "known, but not valid yet";
  EXPECT_EQ(others_at(25), std::vector<uint32_t>({5}));
}

}  // namespace
}  // namespace engram
