// A graph segment under filters of every width, each beside an exact search: the recall that is promised, the
// number of hits that is promised, and exact scores, whichever plan is taken.
#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "base/testing/fault_file_system.h"
#include "index/vector/vector_index.h"
#include "index/vector/vector_part.h"
#include "tests/index/random_seed.h"
#include "tests/index/vector/vector_mixture.h"

namespace engram {
namespace {

// Building the graph takes nearly all of the time, and a sanitizer makes ten times as much of it.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr size_t kRows = 2'000;
#else
constexpr size_t kRows = 20'000;
#endif
constexpr size_t kDimensions = 48;
constexpr size_t kQueries = 40;
constexpr size_t kNearest = 10;

class VectorFilterTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    VectorMixture mixture(TestSeed(21), kDimensions);
    index_ = std::make_unique<VectorIndex>(kDimensions, Metric::kCosine);
    for (uint32_t slot = 0; slot < kRows; ++slot) {
      const auto point = mixture.Next();
      index_->Add(Slot(slot), point.vector);
      centres_.push_back(point.centre);
    }
    for (size_t i = 0; i < kQueries; ++i) queries_.push_back(mixture.Next());
    files_ = std::make_unique<FaultFileSystem>();
    const VectorHandle handle = *index_->Freeze();
    const auto segment =
        VectorIndex::Seal({&handle, 1}, *files_, "/v", {.graph = true, .threads = 2, .ef_construction = 80});
    ASSERT_TRUE(segment.ok()) << segment.status().ToString();
    segment_ = *segment;
    ASSERT_TRUE(segment_->report().has_graph);
    index_->Replace({&handle, 1}, segment_);
  }
  static void TearDownTestSuite() {
    index_.reset();
    segment_.reset();
    files_.reset();
  }

  static std::vector<ScoredSlot> Search(const std::vector<float>& query, const SlotSet& allowed,
                                        const SegmentSearchOptions& options) {
    const std::vector<float> prepared = segment_->rep().space.Prepare(query);
    TopHits top(kNearest);
    SearchSegment(segment_->rep(), prepared.data(), allowed, {}, kNearest, options, top);
    return std::move(top).Take();
  }

  // Mean recall over the queries, each with a filter of its own.
  template <class FilterOf>
  static double Recall(FilterOf filter_of, std::optional<VectorPlan> plan = {}) {
    double sum = 0;
    for (const auto& query : queries_) {
      const SlotSet allowed = filter_of(query);
      const auto exact = index_->View().Top(query.vector, allowed, kNearest, {.exact = true});
      const auto hits = Search(query.vector, allowed, {.exact = false, .ef = 0, .plan = plan});
      EXPECT_EQ(hits.size(), std::min<size_t>(kNearest, allowed.cardinality()));
      size_t found = 0;
      for (const ScoredSlot& hit : hits) {
        EXPECT_TRUE(allowed.contains(hit.slot.value));
        EXPECT_EQ(index_->View().Score(query.vector, {hit.slot})[0], hit.score);
        found += std::count_if(exact.begin(), exact.end(), [&](const ScoredSlot& e) { return e.slot == hit.slot; });
      }
      sum += exact.empty() ? 1 : static_cast<double>(found) / static_cast<double>(exact.size());
    }
    return sum / static_cast<double>(kQueries);
  }

  static SlotSet RandomShare(std::mt19937_64& random, double share) {
    SlotSet set;
    for (uint32_t slot = 0; slot < kRows; ++slot) {
      if (std::uniform_real_distribution<double>()(random) < share) set.add(slot);
    }
    return set;
  }
  // The rows of a share of the centres: of the query's own and others, or of others alone.
  static SlotSet CentreShare(std::mt19937_64& random, double share, size_t centre, bool with_own) {
    std::vector<bool> chosen(*std::max_element(centres_.begin(), centres_.end()) + 1);
    for (size_t i = 0; i < chosen.size(); ++i) chosen[i] = std::uniform_real_distribution<double>()(random) < share;
    chosen[centre] = with_own;
    SlotSet set;
    for (uint32_t slot = 0; slot < kRows; ++slot) {
      if (chosen[centres_[slot]]) set.add(slot);
    }
    return set;
  }

  static inline std::unique_ptr<VectorIndex> index_;
  static inline std::unique_ptr<FaultFileSystem> files_;
  static inline std::shared_ptr<const VectorSegment> segment_;
  static inline std::vector<size_t> centres_;
  static inline std::vector<VectorMixture::Point> queries_;
};

constexpr double kShares[] = {1, 0.9, 0.5, 0.3, 0.1, 0.05, 0.02, 0.01, 0.001, 0.0001};

TEST_F(VectorFilterTest, AScanOfASegmentPausesAndEndsWhenItIsGivenUp) {
  SlotSet all;
  all.addRange(0, kRows);
  SlotSet half;
  for (uint32_t slot = 0; slot < kRows; slot += 2) half.add(slot);
  int asked = 0;
  bool go_on = true;
  const std::function<bool()> pause = [&] {
    ++asked;
    return go_on;
  };
  for (const bool exact : {true, false}) {
    for (const SlotSet& allowed : {all, half}) {
      SegmentSearchOptions options{.exact = exact, .plan = VectorPlan::kGather};
      const auto expected = Search(queries_[0].vector, allowed, options);
      asked = 0;
      go_on = true;
      Pacer patient(&pause, 10'000);
      options.pacer = &patient;
      const auto hits = Search(queries_[0].vector, allowed, options);
      EXPECT_GT(asked, 1);
      ASSERT_EQ(hits.size(), expected.size());
      for (size_t i = 0; i < hits.size(); ++i) EXPECT_EQ(hits[i].slot, expected[i].slot);
      asked = 0;
      go_on = false;
      Pacer impatient(&pause, 10'000);
      options.pacer = &impatient;
      Search(queries_[0].vector, allowed, options);
      EXPECT_EQ(asked, 1);
    }
  }
}

TEST_F(VectorFilterTest, FiltersOfEveryWidthKeepTheRecall) {
  std::mt19937_64 random(TestSeed(22));
  for (const double share : kShares) {
    SCOPED_TRACE(testing::Message() << "share " << share);
    EXPECT_GE(Recall([&](const auto&) { return RandomShare(random, share); }), 0.95);
    EXPECT_GE(Recall([&](const auto& query) { return CentreShare(random, share, query.centre, true); }), 0.95);
    EXPECT_GE(Recall([&](const auto& query) { return CentreShare(random, share, query.centre, false); }), 0.95);
  }
}

// The planner takes a gather where it is cheap, which at this size is nearly everywhere: each plan on its own.
TEST_F(VectorFilterTest, EveryPlanKeepsTheRecallWhereItIsMeantFor) {
  std::mt19937_64 random(TestSeed(25));
  for (const double share : {1.0, 0.9, 0.5}) {
    EXPECT_GE(Recall([&](const auto&) { return RandomShare(random, share); }, VectorPlan::kWalk), 0.95) << share;
    EXPECT_GE(
        Recall([&](const auto& query) { return CentreShare(random, share, query.centre, false); }, VectorPlan::kWalk),
        0.95)
        << share;
  }
  for (const double share : {0.5, 0.3, 0.1, 0.05}) {
    EXPECT_GE(Recall([&](const auto&) { return RandomShare(random, share); }, VectorPlan::kWalkPassing), 0.95) << share;
    for (const bool with_own : {true, false}) {
      EXPECT_GE(Recall([&](const auto& query) { return CentreShare(random, share, query.centre, with_own); },
                       VectorPlan::kWalkPassing),
                0.95)
          << share << (with_own ? " around" : " away from") << " the query";
    }
  }
}

// Its scores are exact and its hits complete all the same.
TEST_F(VectorFilterTest, ASmallEfIsLessWorkAndFindsLess) {
  const auto recall = [&](uint32_t ef) {
    size_t found = 0;
    SlotSet all;
    all.addRange(0, kRows);
    for (const auto& query : queries_) {
      const auto exact = index_->View().Top(query.vector, all, kNearest, {.exact = true});
      const auto hits = Search(query.vector, all, {.exact = false, .ef = ef, .plan = VectorPlan::kWalk});
      EXPECT_EQ(hits.size(), kNearest);
      for (const ScoredSlot& hit : hits) {
        EXPECT_EQ(index_->View().Score(query.vector, {hit.slot})[0], hit.score);
        found += std::count_if(exact.begin(), exact.end(), [&](const ScoredSlot& e) { return e.slot == hit.slot; });
      }
    }
    return static_cast<double>(found) / static_cast<double>(kNearest * kQueries);
  };
  EXPECT_EQ(recall(1), recall(kNearest));  // never fewer than are wanted
  EXPECT_LT(recall(kNearest), recall(64));
}

TEST_F(VectorFilterTest, ManyHitsAreAsGood) {
  SlotSet all;
  all.addRange(0, kRows);
  for (const size_t k : {size_t{100}, kRows / 4}) {
    const VectorView view = index_->View();
    const auto exact = view.Top(queries_[0].vector, all, k, {.exact = true});
    const auto hits = view.Top(queries_[0].vector, all, k);
    ASSERT_EQ(hits.size(), k);
    size_t found = 0;
    for (const ScoredSlot& hit : hits) {
      found += std::count_if(exact.begin(), exact.end(), [&](const ScoredSlot& e) { return e.slot == hit.slot; });
    }
    EXPECT_GE(found, k * 95 / 100) << k;
  }
}

TEST_F(VectorFilterTest, TheDeadAreNotFound) {
  std::mt19937_64 random(TestSeed(26));
  const SlotSet dead = RandomShare(random, 0.3);
  SlotSet all;
  all.addRange(0, kRows);
  auto index = std::make_unique<VectorIndex>(kDimensions, Metric::kCosine);
  index->Attach(segment_);
  const VectorView before = index->View();
  for (const uint32_t slot : dead) index->Remove(Slot(slot));
  double sum = 0;
  for (const auto& query : queries_) {
    const auto exact = index->View().Top(query.vector, all - dead, kNearest, {.exact = true});
    const auto hits = index->View().Top(query.vector, all, kNearest);
    ASSERT_EQ(hits.size(), kNearest);
    for (const ScoredSlot& hit : hits) {
      EXPECT_FALSE(dead.contains(hit.slot.value));
      sum += std::count_if(exact.begin(), exact.end(), [&](const ScoredSlot& e) { return e.slot == hit.slot; });
    }
    const auto hits_before = before.Top(query.vector, all, kNearest);
    const auto others = index_->View().Top(query.vector, all, kNearest);
    for (size_t i = 0; i < kNearest; ++i) EXPECT_EQ(hits_before[i].slot, others[i].slot);
  }
  EXPECT_GE(sum / kNearest / kQueries, 0.95);
}

// Each thread has tags of its own; a search shares nothing that changes.
TEST_F(VectorFilterTest, ThreadsSearchAtOnce) {
  SlotSet all;
  all.addRange(0, kRows);
  SlotSet tenth;
  for (uint32_t slot = 0; slot < kRows; slot += 10) tenth.add(slot);
  const auto answers = [&] {
    std::vector<uint32_t> slots;
    for (const auto& query : queries_) {
      for (const auto& hits :
           {Search(query.vector, all, {}), Search(query.vector, tenth, {false, 0, VectorPlan::kWalkPassing})}) {
        for (const ScoredSlot& hit : hits) slots.push_back(hit.slot.value);
      }
    }
    return slots;
  };
  const std::vector<uint32_t> expected = answers();
  std::vector<std::vector<uint32_t>> got(3);
  std::vector<std::thread> threads;
  for (auto& slots : got) threads.emplace_back([&] { slots = answers(); });
  for (auto& thread : threads) thread.join();
  for (const auto& slots : got) EXPECT_EQ(slots, expected);
}

}  // namespace
}  // namespace engram
