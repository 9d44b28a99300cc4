#include "index/vector/row_codes.h"

#include <cmath>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "index/vector/vector_index.h"
#include "tests/index/random_seed.h"

namespace engram {
namespace {

constexpr Metric kMetrics[] = {Metric::kCosine, Metric::kDot, Metric::kL2};

std::vector<float> RandomVector(std::mt19937_64& random, size_t dimensions, double magnitude) {
  std::normal_distribution<double> normal;
  std::vector<float> vector(dimensions);
  for (float& v : vector) v = static_cast<float>(magnitude * normal(random));
  if (random() % 4 == 0) vector[random() % dimensions] *= 50;  // one component that takes all the resolution
  if (random() % 8 == 0) std::fill(vector.begin() + 1, vector.end(), 0.0F);
  vector[0] += vector[0] == 0 ? static_cast<float>(magnitude) : 0;
  return vector;
}

struct Bounded {
  double bound;
  double similarity;
};

Bounded BoundOf(const VectorSpace& space, const std::vector<float>& query, const std::vector<float>& row) {
  const auto prepared_query = space.Prepare(query);
  const auto prepared_row = space.Prepare(row);
  std::vector<int8_t> codes(CodeBytes(space.dimensions()));
  const CodedRow coded = EncodeRow(space, prepared_row.data(), codes.data());
  const BoundingQuery bounding(space, prepared_query.data());
  return {bounding.Bound(coded, codes.data()), space.Similarity(prepared_query.data(), prepared_row.data())};
}

TEST(RowCodesTest, NoSimilarityIsAboveItsBound) {
  const uint64_t seed = TestSeed(11);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    const auto dimensions = static_cast<uint32_t>(1 + random() % 200);
    const VectorSpace space(dimensions, kMetrics[random() % 3]);
    // From numbers whose squares are too small for a float to those whose squares are too large.
    const double magnitude = std::pow(10.0, std::uniform_real_distribution<double>(-44, 37)(random));
    const auto query = RandomVector(random, dimensions, magnitude);
    auto row = RandomVector(random, dimensions, magnitude);
    if (random() % 3 == 0) {
      row = query;  // very near it, or the same
      row[random() % dimensions] += static_cast<float>(magnitude * 1e-6);
    }
    const Bounded of = BoundOf(space, query, row);
    EXPECT_FALSE(of.bound < of.similarity) << i << ": " << of.bound << " < " << of.similarity << " by "
                                           << MetricName(space.metric()) << " at " << dimensions << " x " << magnitude;
  }
}

TEST(RowCodesTest, BoundsAreNear) {
  const uint64_t seed = TestSeed(12);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  const VectorSpace space(768, Metric::kCosine);
  std::normal_distribution<float> normal;
  for (int i = 0; i < 100; ++i) {
    std::vector<float> query(768);
    std::vector<float> row(768);
    for (float& v : query) v = normal(random);
    for (float& v : row) v = normal(random);
    const Bounded of = BoundOf(space, query, row);
    EXPECT_LT(of.bound, of.similarity + 0.05);
  }
}

// Whatever the codes leave out, the answer has the bits of one that leaves out nothing.
TEST(RowCodesTest, AScanMissesNothing) {
  const uint64_t seed = TestSeed(13);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (const Metric metric : kMetrics) {
    const VectorSpace space(40, metric);
    VectorIndex index(40, metric);
    std::vector<std::vector<float>> rows;
    const auto centre = RandomVector(random, 40, 1);
    SlotSet all;
    for (uint32_t slot = 0; slot < 3000; ++slot) {
      // Half of them so near to each other that codes can't tell them apart.
      auto row = RandomVector(random, 40, slot % 2 == 0 ? 1 : 1e-3);
      for (size_t i = 0; slot % 2 == 1 && i < row.size(); ++i) row[i] += centre[i];
      index.Add(Slot(slot), row);
      rows.push_back(space.Prepare(row));
      all.add(slot);
    }
    for (int i = 0; i < 20; ++i) {
      const auto query = i % 2 == 0 ? centre : RandomVector(random, 40, 1);
      const auto prepared = space.Prepare(query);
      std::vector<ScoredSlot> expected;
      for (uint32_t slot = 0; slot < rows.size(); ++slot) {
        expected.push_back({Slot(slot), space.Similarity(prepared.data(), rows[slot].data())});
      }
      std::sort(expected.begin(), expected.end(), BetterHit);
      const auto hits = index.View().Top(query, all, 10);
      ASSERT_EQ(hits.size(), 10U);
      for (size_t place = 0; place < hits.size(); ++place) {
        EXPECT_EQ(hits[place].slot, expected[place].slot) << MetricName(metric);
        EXPECT_EQ(hits[place].score, expected[place].score);
      }
    }
  }
}

}  // namespace
}  // namespace engram
