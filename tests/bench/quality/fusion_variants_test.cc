#include "bench/quality/fusion_variants.h"

#include <optional>
#include <stdexcept>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace engram::quality {
namespace {

using ::testing::ElementsAre;

LegExplanation Leg(std::optional<uint32_t> rank, std::optional<double> score) {
  LegExplanation leg;
  leg.rank = rank;
  leg.score = score;
  return leg;
}

const Normalization& Named(const std::string& name) {
  for (const Normalization& normalization : Normalizations()) {
    if (normalization.name == name) return normalization;
  }
  throw std::out_of_range(name);
}

// Text: 4, 2, none and 0. Vector: 0.1, 0.5, 0.9 and, beyond the hundred candidates, 0.0.
FusionCase FourRows() {
  return MakeCase({{7, Leg(1, 4.0), Leg(3, 0.1)},
                   {3, Leg(2, 2.0), Leg(2, 0.5)},
                   {5, Leg(std::nullopt, 0.0), Leg(1, 0.9)},
                   {9, Leg(std::nullopt, 0.0), Leg(101, 0.0)}});
}

TEST(FusionVariantsTest, TheUnionHoldsWhatEitherLegBrings) {
  const FusionCase legs = FourRows();
  EXPECT_THAT(legs.places, ElementsAre(3, 5, 7));
  EXPECT_THAT(legs.text.column.scores, ElementsAre(2.0, 0.0, 4.0));
  EXPECT_THAT(legs.vector.column.scores, ElementsAre(0.5, 0.9, 0.1));
  EXPECT_THAT(legs.text.column.ranks, ElementsAre(2, std::nullopt, 1));
}

TEST(FusionVariantsTest, StatisticsSeeTheListOrAllRows) {
  const FusionCase legs = FourRows();
  EXPECT_DOUBLE_EQ(legs.text.own_list.mean, 3);
  EXPECT_DOUBLE_EQ(legs.text.own_list.deviation, 1);
  EXPECT_DOUBLE_EQ(legs.text.all_rows.mean, 1.5);
  EXPECT_DOUBLE_EQ(legs.vector.own_list.mean, 0.5);
  EXPECT_DOUBLE_EQ(legs.vector.all_rows.mean, 0.375);
}

TEST(FusionVariantsTest, TheWeightIsTheTextLegs) {
  for (const Normalization& normalization : Normalizations()) {
    EXPECT_THAT(Fuse(FourRows(), normalization, 0.99, 2), ElementsAre(7, 3)) << normalization.name;
    EXPECT_THAT(Fuse(FourRows(), normalization, 0.01, 3), ElementsAre(5, 3, 7)) << normalization.name;
  }
}

TEST(FusionVariantsTest, EqualScoresStandInTheOrderOfPlaces) {
  const FusionCase legs = MakeCase({{8, Leg(1, 1.0), Leg(1, 0.5)}, {2, Leg(2, 1.0), Leg(2, 0.5)}});
  for (const Normalization& normalization : Normalizations()) {
    EXPECT_THAT(Fuse(legs, normalization, 0.4, 10), ElementsAre(2, 8)) << normalization.name;
  }
}

// One text match towers over many rows: z is 10 there and -0.1 elsewhere, clipped to 1 and 0.48.
TEST(FusionVariantsTest, ClippingTakesAnOutlierItsLead) {
  std::vector<ExplainedRow> rows;
  for (uint32_t i = 0; i < 100; ++i) {
    const bool outlier = i == 50;
    rows.push_back({i, Leg(outlier ? std::optional(1U) : std::nullopt, outlier ? 9.0 : 0.0), Leg(i + 1, 1 - i * 0.01)});
  }
  const FusionCase legs = MakeCase(rows);
  EXPECT_THAT(Fuse(legs, Named("`zscore` (union)"), 0.3, 1), ElementsAre(50));
  EXPECT_THAT(Fuse(legs, Named("z of the union, clipped"), 0.3, 1), ElementsAre(0));
  EXPECT_THAT(Fuse(legs, Named("z of the union, clipped"), 0.5, 1), ElementsAre(50));
}

TEST(FusionVariantsTest, ALegWithoutMatchesDecidesNothing) {
  const FusionCase legs =
      MakeCase({{1, Leg(std::nullopt, 0.0), Leg(2, 0.2)}, {2, Leg(std::nullopt, 0.0), Leg(1, 0.4)}});
  for (const Normalization& normalization : Normalizations()) {
    EXPECT_THAT(Fuse(legs, normalization, 0.4, 10), ElementsAre(2, 1)) << normalization.name;
  }
}

TEST(FusionVariantsTest, WithoutCandidatesThereIsNothing) {
  EXPECT_TRUE(Fuse(MakeCase({}), Normalizations()[0], 0.4, 10).empty());
}

}  // namespace
}  // namespace engram::quality
