#include "index/vector/vector_index.h"

#include <limits>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/index/random_seed.h"
#include "tests/index/vector/brute_force.h"

namespace engram {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInf = std::numeric_limits<float>::infinity();

std::vector<uint32_t> SlotsOf(const std::vector<ScoredSlot>& hits) {
  std::vector<uint32_t> slots;
  for (const ScoredSlot& hit : hits) slots.push_back(hit.slot.value);
  return slots;
}

SlotSet Everything() {
  SlotSet all;
  all.addRange(0, uint64_t{UINT32_MAX} + 1);
  return all;
}

TEST(CheckVectorTest, TheWrongLengthNamesBothNumbers) {
  const Status status = CheckVector(std::vector<float>(3, 1.0F), 4, Metric::kDot);
  EXPECT_EQ(status.code(), StatusCode::kUnprocessable);
  EXPECT_THAT(status.message(), HasSubstr("3"));
  EXPECT_THAT(status.message(), HasSubstr("4"));
  EXPECT_THAT(status.details(), ElementsAre(Pair("expected", "4"), Pair("got", "3")));
}

TEST(CheckVectorTest, NanAndInfinityAreNamedByTheirIndex) {
  for (const float bad : {kNan, kInf, -kInf}) {
    const Status status = CheckVector(std::vector<float>{0, 1, bad, 2}, 4, Metric::kL2);
    EXPECT_EQ(status.code(), StatusCode::kUnprocessable);
    EXPECT_THAT(status.message(), HasSubstr("component 2"));
    EXPECT_THAT(status.details(), ElementsAre(Pair("index", "2")));
  }
}

TEST(CheckVectorTest, AllZerosHaveNoCosineButADotAndADistance) {
  const std::vector<float> zero = {0, -0.0F, 0};
  EXPECT_EQ(CheckVector(zero, 3, Metric::kCosine).code(), StatusCode::kUnprocessable);
  EXPECT_TRUE(CheckVector(zero, 3, Metric::kDot).ok());
  EXPECT_TRUE(CheckVector(zero, 3, Metric::kL2).ok());
  EXPECT_TRUE(CheckVector(std::vector<float>{0, 1e-45F, 0}, 3, Metric::kCosine).ok());
}

TEST(CheckVectorTest, AnEmptyVectorIsTheWrongLength) {
  EXPECT_EQ(CheckVector({}, 1, Metric::kDot).code(), StatusCode::kUnprocessable);
}

TEST(VectorIndexTest, AnEmptyIndexFindsNothing) {
  const VectorIndex index(2, Metric::kCosine);
  EXPECT_TRUE(index.View().Top(std::vector<float>{1, 0}, Everything(), 10).empty());
  EXPECT_EQ(index.View().Similarity(Slot(0), Slot(1)), std::nullopt);
  EXPECT_EQ(index.size(), 0U);
}

TEST(VectorIndexTest, CosineIgnoresLengthDotDoesNot) {
  VectorIndex cosine(2, Metric::kCosine);
  VectorIndex dot(2, Metric::kDot);
  for (VectorIndex* index : {&cosine, &dot}) {
    index->Add(Slot(1), std::vector<float>{1, 0});
    index->Add(Slot(2), std::vector<float>{10, 10});
  }
  const std::vector<float> query = {5, 0};
  EXPECT_THAT(SlotsOf(cosine.View().Top(query, Everything(), 2)), ElementsAre(1, 2));
  EXPECT_THAT(SlotsOf(dot.View().Top(query, Everything(), 2)), ElementsAre(2, 1));
  EXPECT_NEAR(*cosine.View().Score(query, {Slot(1)})[0], 1, 1e-6);
  EXPECT_EQ(*dot.View().Score(query, {Slot(2)})[0], 50);
}

TEST(VectorIndexTest, L2ScoresAreNegativeEuclideanDistances) {
  VectorIndex index(2, Metric::kL2);
  index.Add(Slot(4), std::vector<float>{3, 4});
  index.Add(Slot(7), std::vector<float>{0, 0});
  const auto hits = index.View().Top(std::vector<float>{0, 0}, Everything(), 5);
  EXPECT_THAT(SlotsOf(hits), ElementsAre(7, 4));
  EXPECT_EQ(hits[0].score, 0);
  EXPECT_EQ(hits[1].score, -5);
}

TEST(VectorIndexTest, EqualScoresComeInSlotOrder) {
  VectorIndex index(3, Metric::kCosine);
  for (const uint32_t slot : {3U, 5U, 8U, 13U, 21U}) index.Add(Slot(slot), std::vector<float>{0.1F, 0.2F, 0.3F});
  EXPECT_THAT(SlotsOf(index.View().Top(std::vector<float>{1, 1, 1}, Everything(), 3)), ElementsAre(3, 5, 8));
}

TEST(VectorIndexTest, AFilterAllowsOnlyWhatItHolds) {
  VectorIndex index(1, Metric::kDot);
  for (uint32_t slot = 0; slot < 100; ++slot) index.Add(Slot(slot * 2), std::vector<float>{static_cast<float>(slot)});
  const SlotSet allowed = SlotSet::bitmapOf(4, 3u, 4u, 50u, 100000u);
  EXPECT_THAT(SlotsOf(index.View().Top(std::vector<float>{1}, allowed, 10)), ElementsAre(50, 4));
  EXPECT_TRUE(index.View().Top(std::vector<float>{1}, SlotSet(), 10).empty());
  EXPECT_TRUE(index.View().Top(std::vector<float>{1}, allowed, 0).empty());
}

TEST(VectorIndexTest, ScoresComeInTheOrderAskedAndAreMissingWhereTheVectorIs) {
  VectorIndex index(1, Metric::kDot);
  index.Add(Slot(10), std::vector<float>{2});
  index.Add(Slot(20), std::vector<float>{3});
  index.Remove(Slot(20));
  EXPECT_THAT(index.View().Score(std::vector<float>{5}, {Slot(20), Slot(10), Slot(11), Slot(10)}),
              ElementsAre(std::nullopt, 10.0, std::nullopt, 10.0));
}

TEST(VectorIndexTest, ComponentsAtTheEdgeOfFloatsStillOrder) {
  constexpr float kMax = std::numeric_limits<float>::max();
  constexpr float kTiny = std::numeric_limits<float>::denorm_min();
  VectorIndex dot(2, Metric::kDot);
  dot.Add(Slot(1), std::vector<float>{kMax, -kMax});
  dot.Add(Slot(2), std::vector<float>{kMax, kMax});
  dot.Add(Slot(3), std::vector<float>{-kMax, -kMax});
  const auto hits = dot.View().Top(std::vector<float>{kMax, kMax}, Everything(), 3);
  EXPECT_THAT(SlotsOf(hits), ElementsAre(2, 1, 3));
  EXPECT_EQ(hits[1].score, 0);
  EXPECT_TRUE(std::isfinite(hits[0].score) && std::isfinite(hits[2].score));

  VectorIndex l2(1, Metric::kL2);
  l2.Add(Slot(1), std::vector<float>{-kMax});
  EXPECT_EQ(l2.View().Score(std::vector<float>{kMax}, {Slot(1)})[0], -2 * double{kMax});

  VectorIndex cosine(2, Metric::kCosine);
  cosine.Add(Slot(1), std::vector<float>{kMax, kMax});
  cosine.Add(Slot(2), std::vector<float>{kTiny, kTiny});
  EXPECT_NEAR(*cosine.View().Similarity(Slot(1), Slot(2)), 1, 1e-6);
}

TEST(VectorIndexTest, RemovingTwiceOrTheUnknownChangesNothing) {
  VectorIndex index(1, Metric::kDot);
  for (uint32_t slot = 0; slot < 10; ++slot) index.Add(Slot(slot), std::vector<float>{1});
  index.Remove(Slot(3));
  index.Remove(Slot(3));
  index.Remove(Slot(77));
  EXPECT_EQ(index.size(), 9U);
}

TEST(VectorIndexTest, SpaceComesBackWhenMoreThanHalfIsDead) {
  VectorIndex index(256, Metric::kDot);
  for (uint32_t slot = 0; slot < 1000; ++slot) index.Add(Slot(slot), std::vector<float>(256, 1));
  const size_t full = index.MemoryBytes();
  EXPECT_GE(full, 1000 * 256 * sizeof(float));
  for (uint32_t slot = 0; slot < 500; ++slot) index.Remove(Slot(slot * 2));
  EXPECT_EQ(index.MemoryBytes(), full);
  index.Remove(Slot(1));
  EXPECT_LT(index.MemoryBytes(), full * 6 / 10);
  for (uint32_t slot = 0; slot < 1000; ++slot) index.Remove(Slot(slot));
  EXPECT_EQ(index.size(), 0U);
  EXPECT_LT(index.MemoryBytes(), 10'000U);
}

TEST(VectorIndexDeathTest, SlotsNeverGoBackNotEvenAfterACompaction) {
  VectorIndex index(1, Metric::kDot);
  index.Add(Slot(5), std::vector<float>{1});
  index.Remove(Slot(5));
  EXPECT_DEATH(index.Add(Slot(5), std::vector<float>{1}), "last_slot_");
}

// A vector with few distinct components, so that equal scores are common.
std::vector<float> CoarseVector(std::mt19937_64& random, size_t n) {
  std::vector<float> vector(n);
  for (float& v : vector) v = static_cast<float>(static_cast<int>(random() % 5) - 2);
  vector[random() % n] = 1;
  return vector;
}

SlotSet RandomAllowed(std::mt19937_64& random, uint32_t slots_max) {
  if (random() % 4 == 0) return Everything();
  SlotSet allowed;
  const uint64_t one_in = uint64_t{1} << (random() % 10);
  for (uint32_t slot = 0; slot <= slots_max; ++slot) {
    if (random() % one_in == 0) allowed.add(slot);
  }
  return allowed;
}

// Same scores place by place; where the twin's scores are apart, the same slots.
void ExpectSameTop(const std::vector<ScoredSlot>& hits, const std::vector<ScoredSlot>& expected, bool exactly) {
  ASSERT_EQ(hits.size(), expected.size());
  for (size_t i = 0; i < hits.size(); ++i) {
    ASSERT_NEAR(hits[i].score, expected[i].score, exactly ? 0 : 1e-5);
    ASSERT_TRUE(!exactly || hits[i].slot == expected[i].slot);
  }
}

class VectorIndexModelTest : public testing::TestWithParam<Metric> {};

TEST_P(VectorIndexModelTest, AgreesWithBruteForceThroughAddsRemovesAndCompactions) {
  const uint64_t seed = TestSeed(3);
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  for (const size_t dimensions : {2U, 5U, 16U, 33U}) {
    VectorIndex index(static_cast<uint32_t>(dimensions), GetParam());
    BruteForce twin(GetParam());
    uint32_t next_slot = 0;
    for (int step = 0; step < 1500; ++step) {
      const bool growing = step / 300 % 2 == 0;
      if (next_slot == 0 || random() % 10 < (growing ? 8U : 2U)) {
        next_slot += 1 + static_cast<uint32_t>(random() % 3);
        const std::vector<float> vector = CoarseVector(random, dimensions);
        index.Add(Slot(next_slot), vector);
        twin.Add(Slot(next_slot), vector);
      } else {
        const Slot slot(static_cast<uint32_t>(random() % (next_slot + 1)));
        index.Remove(slot);
        twin.Remove(slot);
      }
      ASSERT_EQ(index.size(), twin.vectors().size());
      if (step % 20 != 0) continue;

      const std::vector<float> query = CoarseVector(random, dimensions);
      const SlotSet allowed = RandomAllowed(random, next_slot + 2);
      const size_t k = 1 + random() % 20;
      const VectorView view = index.View();
      const auto hits = view.Top(query, allowed, k);
      // Small whole numbers make dot products exact, so there the order must be the twin's to the letter.
      ExpectSameTop(hits, twin.Top(query, allowed, k), GetParam() == Metric::kDot);
      std::vector<Slot> slots;
      for (const ScoredSlot& hit : hits) slots.push_back(hit.slot);
      const auto scores = view.Score(query, slots);
      for (size_t i = 0; i < hits.size(); ++i) {
        ASSERT_EQ(scores[i], hits[i].score) << "Top and Score must agree to the bit";
        ASSERT_NEAR(*scores[i], *twin.Score(query, hits[i].slot), 1e-5);
        ASSERT_TRUE(allowed.contains(hits[i].slot.value));
        ASSERT_TRUE(i == 0 || BetterHit(hits[i - 1], hits[i]));
      }
      const Slot a(static_cast<uint32_t>(random() % (next_slot + 1)));
      const Slot b(static_cast<uint32_t>(random() % (next_slot + 1)));
      const bool both = twin.vectors().contains(a) && twin.vectors().contains(b);
      ASSERT_EQ(view.Similarity(a, b).has_value(), both);
      ASSERT_EQ(view.Similarity(a, b), view.Similarity(b, a));
      if (both) {
        ASSERT_NEAR(*view.Similarity(a, b), twin.Similarity(twin.vectors().at(a), twin.vectors().at(b)), 1e-5);
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Metrics, VectorIndexModelTest, testing::Values(Metric::kCosine, Metric::kDot, Metric::kL2),
                         [](const auto& metric) { return std::string(MetricName(metric.param)); });

}  // namespace
}  // namespace engram
