#include <cmath>
#include <numeric>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/search/fusion/fuse.h"
#include "engine/search/fusion/mem0.h"
#include "engine/search/fusion/opensearch.h"
#include "engine/search/fusion/qdrant_dbsf.h"
#include "engine/search/fusion/reciprocal_rank.h"
#include "engine/search/fusion/relative.h"
#include "engine/search/fusion/zscore.h"
#include "tests/engine/search/literal_fusion.h"
#include "tests/index/random_seed.h"

namespace engram::search {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Pointwise;

constexpr std::optional<double> kNone = std::nullopt;
constexpr double kTiny = 1e-12;

LegColumn Column(LegType type, double weight, Scores scores) {
  LegColumn column;
  column.type = type;
  column.weight = weight;
  column.query_terms = 2;
  // Ranks as a leg would give them: by score, ties in order.
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return scores[a].value_or(-INFINITY) > scores[b].value_or(-INFINITY); });
  column.ranks.resize(scores.size());
  uint32_t rank = 0;
  for (const size_t i : order) {
    if (scores[i]) column.ranks[i] = ++rank;
  }
  column.scores = std::move(scores);
  return column;
}

std::vector<double> FusedScores(FusionMethod method, const std::vector<LegColumn>& columns) {
  return Fuse(method, std::nullopt, columns).scores;
}

TEST(RelativeTest, ScalesBetweenLowestAndHighestOfTheUnion) {
  EXPECT_THAT(NormalizeRelative({4.0, 0.0, 1.0, kNone}), ElementsAre(1.0, 0.0, 0.25, 0.0));
}

TEST(RelativeTest, AConstantLegIsOneWherePresent) {
  EXPECT_THAT(NormalizeRelative({0.3, kNone, 0.3}), ElementsAre(1.0, 0.0, 1.0));
  EXPECT_THAT(NormalizeRelative({kNone, kNone}), ElementsAre(0.0, 0.0));
}

TEST(RelativeTest, WeightsOfTheLegsThatRanAreScaledToOne) {
  const auto text = Column(LegType::kText, 0.4, {8.0, 0.0, 2.0});
  const auto vector = Column(LegType::kVector, 0.6, {0.5, 0.9, 0.7});
  EXPECT_THAT(FusedScores(FusionMethod::kRelative, {text, vector}),
              Pointwise(DoubleNear(kTiny), {0.4, 0.6, 0.4 * 0.25 + 0.6 * 0.5}));
  EXPECT_THAT(FusedScores(FusionMethod::kRelative, {text}), ElementsAre(1.0, 0.0, 0.25));
}

TEST(RelativeTest, ASingleHitOfBothLegsScoresOne) {
  EXPECT_THAT(
      FusedScores(FusionMethod::kRelative, {Column(LegType::kText, 0.4, {3.2}), Column(LegType::kVector, 0.6, {-0.1})}),
      ElementsAre(1.0));
}

TEST(ZscoreTest, CountsDeviationsFromTheMeanOfTheUnion) {
  // Mean 4, population deviation 2.
  EXPECT_THAT(NormalizeZscore({2.0, 6.0, 2.0, 6.0}), ElementsAre(-1.0, 1.0, -1.0, 1.0));
}

TEST(ZscoreTest, AMissingScoreIsTheLowestOne) {
  EXPECT_THAT(NormalizeZscore({2.0, 6.0, kNone}), ElementsAre(-1.0, 1.0, -1.0));
  EXPECT_THAT(NormalizeZscore({2.0, kNone}), ElementsAre(1.0, 0.0));
}

TEST(ReciprocalRankTest, RrfCountsRanksFromOneWithK60) {
  const auto text = Column(LegType::kText, 1, {9.0, 5.0, kNone});
  const auto vector = Column(LegType::kVector, 1, {kNone, 0.2, 0.8});
  EXPECT_THAT(FusedScores(FusionMethod::kRrf, {text, vector}),
              Pointwise(DoubleNear(kTiny), {1.0 / 61, 1.0 / 62 + 1.0 / 62, 1.0 / 61}));
  EXPECT_THAT(Fuse(FusionMethod::kRrf, 10, {text}).scores, Pointwise(DoubleNear(kTiny), {1.0 / 11, 1.0 / 12, 0.0}));
}

TEST(ReciprocalRankTest, QdrantGivesItsFirstHitAHalf) {
  const auto leg = Column(LegType::kVector, 1, {0.9, 0.8, 0.7});
  EXPECT_THAT(FusedScores(FusionMethod::kQdrantRrf, {leg}), Pointwise(DoubleNear(kTiny), {0.5, 1.0 / 3, 0.25}));
  // 1 / ((pos + 1) / w + k - 1) with pos from 0: a weight of 2 halves ranks.
  const auto doubled = Column(LegType::kVector, 2, {0.9, 0.8, 0.7});
  EXPECT_THAT(FusedScores(FusionMethod::kQdrantRrf, {doubled}), Pointwise(DoubleNear(kTiny), {1 / 1.5, 0.5, 0.4}));
  EXPECT_THAT(FusedScores(FusionMethod::kQdrantRrf, {leg, Column(LegType::kText, 0, {1.0, 2.0, 3.0})}),
              Pointwise(DoubleNear(kTiny), {0.5, 1.0 / 3, 0.25}));
}

TEST(QdrantDbsfTest, SpreadsSixSampleDeviationsOverOne) {
  // Mean 2, sample deviation 1: (s - (2 - 3)) / 6.
  EXPECT_THAT(NormalizeQdrantDbsf({1.0, 2.0, 3.0, kNone}),
              Pointwise(DoubleNear(kTiny), {2.0 / 6, 3.0 / 6, 4.0 / 6, 0.0}));
}

TEST(QdrantDbsfTest, OneHitOrEqualScoresAreAHalf) {
  EXPECT_THAT(NormalizeQdrantDbsf({7.0, kNone}), ElementsAre(0.5, 0.0));
  EXPECT_THAT(NormalizeQdrantDbsf({7.0, 7.0}), ElementsAre(0.5, 0.5));
}

TEST(OpensearchTest, TheLowestHitKeepsAThousandth) {
  EXPECT_THAT(NormalizeOpensearchMinmax({2.0, 4.0, 3.0, kNone}), ElementsAre(0.001, 1.0, 0.5, 0.0));
  EXPECT_THAT(NormalizeOpensearchMinmax({2.0}), ElementsAre(1.0));
}

TEST(OpensearchTest, L2DividesByTheNorm) {
  EXPECT_THAT(NormalizeOpensearchL2({3.0, 4.0, kNone}), Pointwise(DoubleNear(kTiny), {0.6, 0.8, 0.0}));
  EXPECT_THAT(NormalizeOpensearchL2({0.0, 0.0}), ElementsAre(0.0, 0.0));
}

TEST(OpensearchTest, ZscoresBelowTheMeanAreAThousandth) {
  // Mean 2, sample deviation 1.
  EXPECT_THAT(NormalizeOpensearchZscore({1.0, 2.0, 3.0}), Pointwise(DoubleNear(kTiny), {0.001, 0.001, 1.0}));
  EXPECT_THAT(NormalizeOpensearchZscore({11.5}), ElementsAre(1.0));
}

TEST(OpensearchTest, VectorScoresAreThoseOfItsKnnQueries) {
  EXPECT_DOUBLE_EQ(OpensearchVectorScore(Metric::kCosine, 0.5), 0.75);
  EXPECT_DOUBLE_EQ(OpensearchVectorScore(Metric::kDot, 3), 4);
  EXPECT_DOUBLE_EQ(OpensearchVectorScore(Metric::kDot, -3), 0.25);
  EXPECT_DOUBLE_EQ(OpensearchVectorScore(Metric::kL2, -3), 0.1);
}

TEST(OpensearchTest, AMissingLegKeepsItsWeightInTheMean) {
  const auto text = Column(LegType::kText, 1, {3.0, 4.0});
  const auto vector = Column(LegType::kVector, 3, {kNone, 0.0});  // (1 + 0) / 2, alone: norm 0.5
  EXPECT_THAT(FusedScores(FusionMethod::kOpensearchL2, {text, vector}),
              Pointwise(DoubleNear(kTiny), {0.25 * 0.6, 0.25 * 0.8 + 0.75}));
}

TEST(Mem0Test, AddsTheSigmoidOfBm25ToTheCosineAndDividesByTheActiveLegs) {
  const auto text = Column(LegType::kText, 1, {5.0, 0.0, kNone});  // two words: midpoint 5, steepness 0.7
  const auto vector = Column(LegType::kVector, 1, {0.8, 0.6, -0.2});
  EXPECT_THAT(FusedScores(FusionMethod::kMem0, {text, vector}),
              Pointwise(DoubleNear(kTiny), {(0.5 + 0.8) / 2, 0.3, 0.0}));
  const auto silent = Column(LegType::kText, 1, {kNone, kNone, kNone});
  EXPECT_THAT(FusedScores(FusionMethod::kMem0, {silent, vector}), Pointwise(DoubleNear(kTiny), {0.8, 0.6, 0.0}));
  const auto graph = Column(LegType::kGraph, 1, {0.1, 0.2, kNone});
  EXPECT_THAT(FusedScores(FusionMethod::kMem0, {graph, text, vector}),
              Pointwise(DoubleNear(kTiny), {(0.25 + 0.5 + 0.8) / 2.5, (0.5 + 0.6) / 2.5, 0.0}));
}

TEST(Mem0Test, MidpointAndSteepnessGoByTheLengthOfTheQuery) {
  EXPECT_DOUBLE_EQ(Mem0TextScore(3, 5), 0.5);
  EXPECT_DOUBLE_EQ(Mem0TextScore(4, 7), 0.5);
  EXPECT_DOUBLE_EQ(Mem0TextScore(9, 9), 0.5);
  EXPECT_DOUBLE_EQ(Mem0TextScore(15, 10), 0.5);
  EXPECT_DOUBLE_EQ(Mem0TextScore(16, 12), 0.5);
  EXPECT_NEAR(Mem0TextScore(6, 9), 1 / (1 + std::exp(-0.6 * 2)), kTiny);
}

// --- Every method against a literal twin that works on whole lists at a time.

class FuseTest : public ::testing::TestWithParam<FusionMethod> {};

LegColumn RandomColumn(std::mt19937_64& random, LegType type, size_t candidates) {
  Scores scores(candidates);
  const bool coarse = random() % 2 == 0;  // many equal scores
  for (auto& score : scores) {
    if (random() % 4 == 0) continue;
    const double uniform = static_cast<double>(random() % (coarse ? 3 : 1000)) / (coarse ? 2 : 999);
    score = type == LegType::kText ? uniform * 12 : type == LegType::kVector ? uniform * 2 - 1 : 0.001 + uniform;
  }
  return Column(type, 0.1 + static_cast<double>(random() % 10), std::move(scores));
}

TEST_P(FuseTest, AgreesWithALiteralTwinAndItsPartsSumExactly) {
  const uint64_t seed = TestSeed(20261121);
  SCOPED_TRACE("ENGRAM_TEST_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  for (int round = 0; round < 300; ++round) {
    const size_t candidates = random() % 12;
    std::vector<LegColumn> columns;
    const size_t legs = 1 + random() % 4;
    for (size_t i = 0; i < legs; ++i) {
      columns.push_back(RandomColumn(random, static_cast<LegType>(random() % 3), candidates));
    }
    const Fused fused = Fuse(GetParam(), std::nullopt, columns);
    ASSERT_EQ(fused.scores.size(), candidates);
    for (size_t i = 0; i < candidates; ++i) {
      EXPECT_NEAR(fused.scores[i], LiteralFused(GetParam(), columns, i), 1e-9)
          << "round " << round << " candidate " << i;
      double sum = 0;
      for (const LegShare& leg : fused.legs) sum += leg.contributions[i];
      EXPECT_EQ(fused.scores[i], sum);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Methods, FuseTest,
                         ::testing::Values(FusionMethod::kRelative, FusionMethod::kZscore, FusionMethod::kRrf,
                                           FusionMethod::kQdrantRrf, FusionMethod::kQdrantDbsf,
                                           FusionMethod::kOpensearchMinmax, FusionMethod::kOpensearchL2,
                                           FusionMethod::kOpensearchZscore, FusionMethod::kMem0));

}  // namespace
}  // namespace engram::search
