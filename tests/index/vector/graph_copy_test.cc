#include "index/vector/graph_copy.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "index/vector/graph_builder.h"
#include "index/vector/recall_sample.h"
#include "tests/index/random_seed.h"
#include "tests/index/vector/vector_mixture.h"

namespace engram {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Building graphs takes nearly all of the time, and a sanitizer makes ten times as much of it and more.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int kRounds = 2;
#else
constexpr int kRounds = 8;
#endif

// A graph of level 0 alone, of rows on a line: row n at n.
struct Line {
  explicit Line(const std::vector<std::vector<uint32_t>>& links, const std::vector<uint32_t>& dead) {
    for (const auto& row : links) {
      built.links0.insert(built.links0.end(), row.begin(), row.end());
      built.links0.insert(built.links0.end(), kGraphLinks0 - row.size(), kNoLink);
    }
    base.graph = built.View();
    for (uint32_t row = 0; row < links.size(); ++row) {
      base.rows.push_back(std::count(dead.begin(), dead.end(), row) > 0 ? kNoLink : row);
    }
  }
  std::vector<uint32_t> Links(uint32_t row) const {
    const auto distance = [](uint32_t a, uint32_t b) {
      return std::fabs(static_cast<float>(a) - static_cast<float>(b));
    };
    return GraphCopy(base).Links(row, 0, distance);
  }
  BuiltGraph built;
  GraphBase base;
};

TEST(GraphCopyTest, LinksOfTheLivingStayInTheirOrder) {
  EXPECT_THAT(Line({{2, 1}, {0}, {0}}, {}).Links(0), ElementsAre(2, 1));
}

TEST(GraphCopyTest, ADeadNeighbourIsMadeUpForByOneBehindIt) {
  EXPECT_THAT(Line({{1}, {0, 2}, {1}}, {1}).Links(0), ElementsAre(2));
  EXPECT_THAT(Line({{1}, {0, 3, 2}, {1}, {1}}, {1}).Links(0), ElementsAre(2)) << "3 is nearer to 2";
}

TEST(GraphCopyTest, ALineOfDeadIsCrossed) {
  EXPECT_THAT(Line({{1}, {2}, {3}, {4}, {}}, {1, 2, 3}).Links(0), ElementsAre(4));
  EXPECT_THAT(Line({{1}, {2}, {0, 1}}, {1, 2}).Links(0), IsEmpty());
}

TEST(GraphCopyTest, NobodyIsLinkedWhoIsNearerToALinkThanToTheRow) {
  // Of 4, 5 and 10, which lie behind 3, row 6 has 5 already: 4 is nearer to that. 10 is on the other side.
  EXPECT_THAT(Line({{}, {}, {}, {4, 5, 10}, {}, {}, {3, 5}, {}, {}, {}, {}}, {3}).Links(6), ElementsAre(5, 10));
}

TEST(GraphCopyTest, TheOthersMakeUpForLinksThatWouldBeMissing) {
  EXPECT_THAT(Line({{1, 2}, {3, 4, 5}, {}, {}, {}, {}}, {1, 2}).Links(0), ElementsAre(3, 4));
}

class Rows {
 public:
  Rows(Metric metric, size_t n, uint64_t seed, size_t centres = 10) : space_(16, metric) {
    VectorMixture mixture(seed, space_.dimensions(), centres);
    for (size_t i = 0; i < n; ++i) {
      const auto point = mixture.Next();
      rows_.push_back(space_.Prepare(point.vector));
      centres_.push_back(point.centre);
    }
    for (const auto& row : rows_) pointers_.push_back(row.data());
  }
  FloatRows All() const { return {&space_, pointers_}; }
  FloatRows Some(size_t begin, size_t end) const { return {&space_, std::span(pointers_).subspan(begin, end - begin)}; }
  // Those that `numbers` names.
  FloatRows Of(const std::vector<uint32_t>& numbers) {
    chosen_.clear();
    for (const uint32_t n : numbers) chosen_.push_back(pointers_[n]);
    return {&space_, chosen_};
  }
  size_t centre(size_t row) const { return centres_[row]; }
  const VectorSpace& space() const { return space_; }

 private:
  VectorSpace space_;
  std::vector<std::vector<float>> rows_;
  std::vector<const float*> pointers_;
  std::vector<const float*> chosen_;
  std::vector<size_t> centres_;
};

// A graph of rows [begin, end) of a set, as the base of one of those that live and of the others.
struct Base {
  template <class Dies>
  Base(Rows* rows, size_t all, size_t begin, size_t end, Dies dies)
      : built(*BuildGraph(rows->Some(begin, end), {1, 64, {}, 1})), base{built.View(), {}} {
    for (uint32_t row = 0; row < all; ++row) {
      const bool inside = begin <= row && row < end;
      const bool dead = inside && dies(row);
      if (inside) base.rows.push_back(dead ? kNoLink : static_cast<uint32_t>(numbers.size()));
      if (!dead) numbers.push_back(row);
    }
  }
  BuiltGraph built;
  GraphBase base;
  std::vector<uint32_t> numbers;  // of the rows that live, in the set
};

uint32_t EntryRow(const Graph& graph) {
  return graph.upper.empty() ? graph.entry : graph.upper.back().rows[graph.entry];
}

void ExpectWhole(const Graph& graph, size_t rows) {
  ASSERT_TRUE(GraphIsSound(graph, rows));
  std::set<uint32_t> reached = {EntryRow(graph)};
  std::vector<uint32_t> waiting(reached.begin(), reached.end());
  while (!waiting.empty()) {
    const uint32_t row = waiting.back();
    waiting.pop_back();
    std::set<uint32_t> links;
    for (const uint32_t link : graph.Links0(row)) {
      if (link == kNoLink) continue;
      ASSERT_NE(link, row);
      ASSERT_TRUE(links.insert(link).second) << "twice";
      if (reached.insert(link).second) waiting.push_back(link);
    }
  }
  EXPECT_EQ(reached.size(), rows);
}

int LevelIn(const Graph& graph, uint32_t row) {
  int level = 0;
  for (const GraphLevel& upper : graph.upper) level += std::binary_search(upper.rows.begin(), upper.rows.end(), row);
  return level;
}

TEST(ExtendGraphTest, WithoutDeadAndNewRowsItIsACopy) {
  Rows rows(Metric::kL2, 600, TestSeed(71));
  const Base base(&rows, 600, 0, 600, [](size_t) { return false; });
  const auto copied = ExtendGraph(base.base, rows.All(), {1, 64, {}});
  ASSERT_TRUE(copied);
  EXPECT_EQ(copied->links0, base.built.links0);
  ASSERT_EQ(copied->upper.size(), base.built.upper.size());
  for (size_t level = 0; level < copied->upper.size(); ++level) {
    EXPECT_EQ(copied->upper[level].rows, base.built.upper[level].rows);
    EXPECT_EQ(copied->upper[level].links, base.built.upper[level].links);
  }
  EXPECT_EQ(EntryRow(copied->View()), EntryRow(base.built.View()));
}

class ExtendGraphModelTest : public testing::TestWithParam<Metric> {};

INSTANTIATE_TEST_SUITE_P(, ExtendGraphModelTest, testing::Values(Metric::kCosine, Metric::kDot, Metric::kL2),
                         [](const auto& test) { return std::string(MetricName(test.param)); });

TEST_P(ExtendGraphModelTest, FindsAsMuchAsAGraphThatIsBuiltFromNothing) {
  const uint64_t seed = TestSeed(72);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  double copied_recall = 0;
  double built_recall = 0;
  for (int round = 0; round < kRounds; ++round) {
    const size_t n = 200 + random() % 1'000;
    const size_t begin = random() % (n / 2);
    const size_t end = begin + n / 4 + random() % (n - begin - n / 4);
    const uint64_t dead = random() % 36;  // percent
    Rows rows(GetParam(), n, seed + static_cast<uint64_t>(round));
    const Base base(&rows, n, begin, end, [&](size_t) { return random() % 100 < dead; });
    SCOPED_TRACE(testing::Message() << n << " rows, of which " << begin << " to " << end << " are copied, " << dead
                                    << " % of them dead");
    const FloatRows living = rows.Of(base.numbers);
    const auto copied = ExtendGraph(base.base, living, {1 + random() % 3, 64, {}, 5});
    const auto built = BuildGraph(living, {1, 64, {}, 5});
    ASSERT_TRUE(copied);
    ASSERT_NO_FATAL_FAILURE(ExpectWhole(copied->View(), living.rows.size()));
    ASSERT_NO_FATAL_FAILURE(ExpectWhole(built->View(), living.rows.size()));
    for (uint32_t row = 0; row < base.base.rows.size(); ++row) {
      if (base.base.rows[row] == kNoLink) continue;
      ASSERT_EQ(LevelIn(copied->View(), base.base.rows[row]), LevelIn(base.built.View(), row));
    }
    const RecallSample sample(rows.space(), living.rows);
    copied_recall += sample.OfGraph(copied->View(), living, 32) / kRounds;
    built_recall += sample.OfGraph(built->View(), living, 32) / kRounds;
  }
  EXPECT_GE(copied_recall, built_recall - 0.01);
}

TEST_P(ExtendGraphModelTest, ClustersMayDieButForARow) {
  constexpr size_t kRows = 1'500;
  Rows rows(GetParam(), kRows, TestSeed(73), 4);
  const Base whole(&rows, kRows, 0, 1'200, [](size_t) { return false; });
  // All around the entry, which is left alone among the dead; and all around row 0.
  const uint32_t entry = EntryRow(whole.built.View());
  const Base base(&rows, kRows, 0, 1'200, [&](size_t row) {
    return row != entry && row != 0 && (rows.centre(row) == rows.centre(entry) || rows.centre(row) == rows.centre(0));
  });
  const FloatRows living = rows.Of(base.numbers);
  const auto copied = ExtendGraph(base.base, living, {1, 64, {}, 5});
  const auto built = BuildGraph(living, {1, 64, {}, 5});
  ASSERT_TRUE(copied);
  ASSERT_NO_FATAL_FAILURE(ExpectWhole(copied->View(), living.rows.size()));
  const RecallSample sample(rows.space(), living.rows);
  EXPECT_GE(sample.OfGraph(copied->View(), living, 32), sample.OfGraph(built->View(), living, 32) - 0.01);
}

TEST(ExtendGraphTest, ANewRowOfAHigherLevelIsTheEntry) {
  for (const size_t threads : {1, 3}) {
    Rows rows(Metric::kCosine, 1'200, TestSeed(74));
    const Base base(&rows, 1'200, 500, 510, [](size_t row) { return row == 505; });
    ASSERT_TRUE(base.built.upper.empty() || base.built.upper.size() == 1);
    const FloatRows living = rows.Of(base.numbers);
    const auto extended = ExtendGraph(base.base, living, {threads, 64, {}, 5});
    ASSERT_NO_FATAL_FAILURE(ExpectWhole(extended->View(), living.rows.size()));
    EXPECT_GE(extended->upper.size(), 2U);
    const RecallSample sample(rows.space(), living.rows);
    EXPECT_GE(sample.OfGraph(extended->View(), living, 48), 0.97);
  }
}

TEST(ExtendGraphTest, WhatIsAllButDeadIsNotCopied) {
  Rows rows(Metric::kL2, 400, TestSeed(75));
  const Base base(&rows, 400, 0, 300, [](size_t row) { return row % 150 != 0; });
  const FloatRows living = rows.Of(base.numbers);
  EXPECT_EQ(ExtendGraph(base.base, living, {1, 64, {}, 5})->links0, BuildGraph(living, {1, 64, {}, 5})->links0);
}

// Equal rows are as near to each other as to anybody, and far more of them than a row has links for.
TEST(ExtendGraphTest, EqualRowsAreReachedToo) {
  const VectorSpace space(16, Metric::kCosine);
  const std::vector<float> row = space.Prepare(std::vector<float>(16, 1));
  const std::vector<const float*> rows(500, row.data());
  const auto built = BuildGraph(FloatRows{&space, rows}, {1, 64, {}});
  ASSERT_NO_FATAL_FAILURE(ExpectWhole(built->View(), rows.size()));
  GraphBase base{built->View(), std::vector<uint32_t>(rows.size(), kNoLink)};
  uint32_t number = 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (i % 8 != 3) base.rows[i] = number++;
  }
  const auto extended = ExtendGraph(base, FloatRows{&space, rows}, {1, 64, {}});
  ASSERT_NO_FATAL_FAILURE(ExpectWhole(extended->View(), rows.size()));
}

TEST(ExtendGraphTest, OneThreadAlwaysMakesTheSame) {
  Rows rows(Metric::kDot, 900, TestSeed(76));
  const Base base(&rows, 900, 100, 700, [](size_t row) { return row % 7 == 0; });
  const FloatRows living = rows.Of(base.numbers);
  const auto a = ExtendGraph(base.base, living, {1, 64, {}, 5});
  const auto b = ExtendGraph(base.base, living, {1, 64, {}, 5});
  EXPECT_EQ(a->links0, b->links0);
  EXPECT_EQ(a->entry, b->entry);
}

TEST(ExtendGraphTest, ItTellsOfProgressAndStops) {
  Rows rows(Metric::kCosine, 3'000, TestSeed(77));
  const Base base(&rows, 3'000, 0, 1'500, [](size_t row) { return row % 10 == 0; });
  const FloatRows living = rows.Of(base.numbers);
  for (const double until : {0.0, 0.02, 0.5}) {
    double last = 0;
    const auto extended = ExtendGraph(base.base, living, {2, 64, [&](double share) {
                                                            EXPECT_GE(share, last);
                                                            last = share;
                                                            return share < until;
                                                          }});
    EXPECT_FALSE(extended);
    EXPECT_GE(last, until);
    EXPECT_LT(last, until + 0.3);
  }
}

}  // namespace
}  // namespace engram
