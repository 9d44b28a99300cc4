#include "index/vector/graph.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "index/vector/candidate_pool.h"
#include "index/vector/graph_builder.h"
#include "index/vector/visited_rows.h"
#include "tests/index/random_seed.h"
#include "tests/index/vector/vector_mixture.h"

namespace engram {
namespace {

class Rows {
 public:
  Rows(const VectorSpace& space, size_t n) : space_(space) {
    VectorMixture mixture(TestSeed(51), space.dimensions(), 10);
    for (size_t i = 0; i < n; ++i) rows_.push_back(space.Prepare(mixture.Next().vector));
    for (const auto& row : rows_) pointers_.push_back(row.data());
  }
  FloatRows floats() const { return {&space_, pointers_}; }

 private:
  VectorSpace space_;
  std::vector<std::vector<float>> rows_;
  std::vector<const float*> pointers_;
};

TEST(GraphTest, LeadsFromTheEntryToEveryRow) {
  for (const size_t threads : {1, 3}) {
    const Rows rows(VectorSpace(16, Metric::kL2), 1'500);
    const auto built = BuildGraph(rows.floats(), {threads, 64, {}});
    ASSERT_TRUE(built);
    const Graph graph = built->View();
    ASSERT_TRUE(GraphIsSound(graph, 1'500));
    ASSERT_GE(graph.upper.size(), 1U);
    const uint32_t entry = graph.upper.back().rows[graph.entry];
    std::set<uint32_t> reached = {entry};
    std::vector<uint32_t> waiting = {entry};
    while (!waiting.empty()) {
      const uint32_t row = waiting.back();
      waiting.pop_back();
      for (const uint32_t link : graph.Links0(row)) {
        EXPECT_NE(link, row);
        if (link != kNoLink && reached.insert(link).second) waiting.push_back(link);
      }
    }
    EXPECT_EQ(reached.size(), 1'500U);
  }
}

TEST(GraphTest, OneThreadAlwaysBuildsTheSame) {
  const Rows rows(VectorSpace(8, Metric::kCosine), 400);
  const auto a = BuildGraph(rows.floats(), {1, 32, {}});
  const auto b = BuildGraph(rows.floats(), {1, 32, {}});
  EXPECT_EQ(a->links0, b->links0);
  EXPECT_EQ(a->entry, b->entry);
}

TEST(GraphTest, HasLevelsWhoseNodesStandBelowToo) {
  const Rows rows(VectorSpace(8, Metric::kCosine), 3'000);
  const auto built = BuildGraph(rows.floats(), {2, 32, {}});
  const Graph graph = built->View();
  ASSERT_GE(graph.upper.size(), 2U);
  for (size_t level = 0; level < graph.upper.size(); ++level) {
    const GraphLevel& here = graph.upper[level];
    EXPECT_TRUE(std::is_sorted(here.rows.begin(), here.rows.end()));
    for (size_t node = 0; node < here.rows.size(); ++node) {
      const uint32_t below = level == 0 ? here.down[node] : graph.upper[level - 1].rows[here.down[node]];
      ASSERT_EQ(below, here.rows[node]);
    }
  }
  EXPECT_LT(graph.upper[0].rows.size(), 3'000U / 8);
}

TEST(GraphTest, OneRowIsAGraph) {
  const Rows rows(VectorSpace(8, Metric::kDot), 1);
  const auto built = BuildGraph(rows.floats(), {1, 32, {}});
  EXPECT_TRUE(GraphIsSound(built->View(), 1));
}

TEST(GraphTest, NumbersThatLeadNowhereAreNotSound) {
  const Rows rows(VectorSpace(8, Metric::kDot), 300);
  BuiltGraph built = *BuildGraph(rows.floats(), {1, 32, {}});
  EXPECT_FALSE(GraphIsSound(built.View(), 299));
  const auto broken = [&](uint32_t* number, uint32_t value) {
    const uint32_t before = std::exchange(*number, value);
    const bool sound = GraphIsSound(built.View(), 300);
    *number = before;
    return !sound;
  };
  EXPECT_TRUE(broken(&built.links0[7], 300));
  EXPECT_TRUE(broken(&built.upper[0].rows[0], 300));
  EXPECT_TRUE(broken(&built.upper[0].rows[1], built.upper[0].rows[0]));
  EXPECT_TRUE(broken(&built.upper[0].down[0], 300));
  EXPECT_TRUE(broken(&built.upper[0].down[0], built.upper[0].down[0] + 1));
  EXPECT_TRUE(broken(&built.upper[0].links[0], static_cast<uint32_t>(built.upper[0].rows.size())));
  EXPECT_TRUE(broken(&built.entry, static_cast<uint32_t>(built.upper.back().rows.size())));
  EXPECT_TRUE(GraphIsSound(built.View(), 300));
}

TEST(CandidatePoolTest, KeepsTheBestAndTakesThemInOrder) {
  CandidatePool pool(3);
  for (const auto& [score, row] : {std::pair{1.0F, 1U}, {3.0F, 3U}, {2.0F, 2U}}) EXPECT_TRUE(pool.Offer(score, row));
  EXPECT_EQ(pool.Threshold(), 1.0F);
  uint32_t row = 0;
  EXPECT_TRUE(pool.TakeNext(&row));
  EXPECT_EQ(row, 3U);
  EXPECT_FALSE(pool.Offer(1.0F, 9));  // no better than the worst
  EXPECT_TRUE(pool.Offer(4.0F, 4));   // row 1 goes
  EXPECT_EQ(pool.PeekNext(), 4U);
  EXPECT_TRUE(pool.TakeNext(&row));
  EXPECT_EQ(row, 4U);
  EXPECT_TRUE(pool.TakeNext(&row));
  EXPECT_EQ(row, 2U);
  EXPECT_FALSE(pool.TakeNext(&row));
  EXPECT_EQ(pool.PeekNext(), CandidatePool::kNone);
  EXPECT_EQ(pool.RowAt(1), 3U);
}

TEST(VisitedRowsTest, AWalkStartsUnmarkedHoweverManyCameBefore) {
  for (int walk = 0; walk < 70'000; ++walk) {  // more than there are tags
    VisitedRows& visited = VisitedRows::Begin(walk % 2 == 0 ? 10 : 5'000);
    ASSERT_TRUE(visited.Mark(3)) << walk;
    ASSERT_FALSE(visited.Mark(3));
  }
}

}  // namespace
}  // namespace engram
