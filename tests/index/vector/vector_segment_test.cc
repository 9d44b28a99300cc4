// Where codes can't tell rows apart a segment says so and goes by fp32; flat segments; the choice of a plan.
#include "index/vector/vector_segment.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "base/testing/fault_file_system.h"
#include "index/vector/vector_index.h"
#include "index/vector/vector_part.h"
#include "tests/index/random_seed.h"
#include "tests/index/vector/vector_mixture.h"

namespace engram {
namespace {

SlotSet UpTo(uint32_t slots) {
  SlotSet set;
  set.addRange(0, slots);
  return set;
}

// An index whose vectors are all in one segment.
struct OneSegment {
  OneSegment(const std::vector<std::vector<float>>& vectors, Metric metric, bool graph)
      : index(static_cast<uint32_t>(vectors[0].size()), metric) {
    for (uint32_t slot = 0; slot < vectors.size(); ++slot) index.Add(Slot(slot), vectors[slot]);
    const VectorHandle handle = *index.Freeze();
    auto sealed = VectorIndex::Seal({&handle, 1}, files, "/v", {.graph = graph});
    EXPECT_TRUE(sealed.ok()) << sealed.status().ToString();
    segment = *sealed;
    index.Replace({&handle, 1}, segment);
  }

  double Recall(const std::vector<std::vector<float>>& queries) const {
    const SlotSet all = UpTo(static_cast<uint32_t>(index.size()));
    double found = 0;
    for (const auto& query : queries) {
      const auto exact = index.View().Top(query, all, 10, {.exact = true});
      for (const ScoredSlot& hit : index.View().Top(query, all, 10)) found += hit.score >= exact.back().score ? 1 : 0;
    }
    return found / 10 / static_cast<double>(queries.size());
  }

  FaultFileSystem files;
  VectorIndex index;
  std::shared_ptr<const VectorSegment> segment;
};

class VectorSegmentTest : public testing::Test {
 protected:
  std::vector<std::vector<float>> Mixture(size_t n) {
    std::vector<std::vector<float>> vectors;
    for (size_t i = 0; i < n; ++i) vectors.push_back(mixture_.Next().vector);
    return vectors;
  }
  VectorMixture mixture_{TestSeed(61), 32, 20};
};

TEST_F(VectorSegmentTest, SaysWhatItLosesAndLosesNoMore) {
  const OneSegment sealed(Mixture(3'000), Metric::kCosine, true);
  const VectorSegmentReport& report = sealed.segment->report();
  EXPECT_TRUE(report.codes_suffice);
  EXPECT_TRUE(report.has_graph);
  EXPECT_GE(report.graph_recall, 0.95);
  EXPECT_GE(sealed.Recall(Mixture(50)), 0.95);
}

// Twelve components that all rows share leave the others less than a step of the codes' scale.
TEST_F(VectorSegmentTest, GoesByFloatsWhereCodesDoNotSuffice) {
  const auto shifted = [&](size_t n) {
    auto vectors = Mixture(n);
    for (auto& vector : vectors) vector.insert(vector.end(), 12, 1000.0F);
    return vectors;
  };
  for (const bool graph : {false, true}) {
    const OneSegment sealed(shifted(2'000), Metric::kDot, graph);
    EXPECT_FALSE(sealed.segment->report().codes_suffice);
    EXPECT_EQ(sealed.segment->report().has_graph, graph);
    EXPECT_GE(sealed.Recall(shifted(50)), 0.95);
  }
}

TEST_F(VectorSegmentTest, WithoutAGraphItScansCodes) {
  const OneSegment sealed(Mixture(2'000), Metric::kL2, false);
  EXPECT_FALSE(sealed.segment->report().has_graph);
  EXPECT_GE(sealed.Recall(Mixture(50)), 0.99);
  EXPECT_GE(sealed.segment->AnonymousBytes(), 2'000U * 64);
  EXPECT_GE(sealed.segment->MappedBytes(), 2'000U * 32 * sizeof(float));
}

TEST_F(VectorSegmentTest, PlansByTheNumberOfMatches) {
  const OneSegment flat(Mixture(100), Metric::kCosine, false);
  EXPECT_EQ(ChoosePlan(flat.segment->rep(), 100, 10), VectorPlan::kGather);
  const OneSegment graph(Mixture(3'000), Metric::kCosine, true);
  EXPECT_EQ(ChoosePlan(graph.segment->rep(), 3'000, 30), VectorPlan::kWalk);
  EXPECT_EQ(ChoosePlan(graph.segment->rep(), 3'000, 1'000), VectorPlan::kGather);  // as many as a walk would score
  EXPECT_EQ(ChoosePlan(graph.segment->rep(), 50, 30), VectorPlan::kGather);
}

}  // namespace
}  // namespace engram
