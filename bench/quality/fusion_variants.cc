#include "bench/quality/fusion_variants.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "engine/search/fusion/fuse.h"

namespace engram::quality {
namespace {

using search::LegColumn;
using search::Spread;

bool InList(const LegExplanation& leg) { return leg.rank && *leg.rank <= FusionCase::kCandidates; }

FusionCase::Leg MakeLeg(const std::vector<ExplainedRow>& rows, LegType type, const LegExplanation ExplainedRow::*leg) {
  FusionCase::Leg made;
  made.column.type = type;
  search::Scores own_list;
  search::Scores all_rows;
  for (const ExplainedRow& row : rows) {
    const LegExplanation& explained = row.*leg;
    all_rows.push_back(explained.score);
    if (InList(explained)) own_list.push_back(explained.score);
    if (!InList(row.text) && !InList(row.vector)) continue;
    made.column.scores.push_back(explained.score);
    made.column.ranks.push_back(InList(explained) ? explained.rank : std::nullopt);
  }
  made.own_list = search::SpreadOf(own_list, search::Deviation::kPopulation);
  made.all_rows = search::SpreadOf(all_rows, search::Deviation::kPopulation);
  return made;
}

Spread SpreadFor(const FusionCase::Leg& leg, ScoresOf scores_of) {
  switch (scores_of) {
    case ScoresOf::kUnion: return search::SpreadOf(leg.column.scores, search::Deviation::kPopulation);
    case ScoresOf::kOwnList: return leg.own_list;
    case ScoresOf::kAllRows: return leg.all_rows;
  }
  return {};
}

double Shaped(double z, Shape shape) {
  switch (shape) {
    case Shape::kPlain: return z;
    case Shape::kClipped: return std::clamp((z + 3) / 6, 0.0, 1.0);
    case Shape::kLogistic: return 1 / (1 + std::exp(-z));
  }
  return z;
}

std::vector<double> Normalize(const FusionCase::Leg& leg, const Normalization& normalization) {
  const search::Scores& scores = leg.column.scores;
  std::vector<double> normalized(scores.size(), 0.0);
  const auto range = search::RangeOf(scores);
  if (!range) return normalized;
  const Spread spread = SpreadFor(leg, normalization.scores_of);
  for (size_t i = 0; i < scores.size(); ++i) {
    const double score = scores[i].value_or(range->low);
    if (spread.deviation > 0) {
      normalized[i] = Shaped((score - spread.mean) / spread.deviation, normalization.shape);
    } else {
      normalized[i] = score >= spread.mean ? 1.0 : 0.0;
    }
  }
  return normalized;
}

std::vector<double> FusedScores(const FusionCase& legs, const Normalization& normalization, double text_weight) {
  if (normalization.of_engine) {
    std::vector<LegColumn> columns = {legs.text.column, legs.vector.column};
    columns[0].weight = text_weight;
    columns[1].weight = 1 - text_weight;
    return search::Fuse(normalization.method, std::nullopt, columns).scores;
  }
  std::vector<double> fused = Normalize(legs.text, normalization);
  const std::vector<double> vector = Normalize(legs.vector, normalization);
  for (size_t i = 0; i < fused.size(); ++i) fused[i] = text_weight * fused[i] + (1 - text_weight) * vector[i];
  return fused;
}

}  // namespace

const std::vector<Normalization>& Normalizations() {
  using enum ScoresOf;
  using enum Shape;
  static const std::vector<Normalization> kNormalizations = {
      {"`relative`", true, FusionMethod::kRelative},
      {"`zscore` (union)", true, FusionMethod::kZscore},
      {"z of the union, clipped", false, {}, kUnion, kClipped},
      {"z of the union, logistic", false, {}, kUnion, kLogistic},
      {"z of own list", false, {}, kOwnList, kPlain},
      {"z of own list, clipped", false, {}, kOwnList, kClipped},
      {"z of own list, logistic", false, {}, kOwnList, kLogistic},
      {"z of all rows", false, {}, kAllRows, kPlain},
      {"z of all rows, clipped", false, {}, kAllRows, kClipped},
      {"z of all rows, logistic", false, {}, kAllRows, kLogistic},
  };
  return kNormalizations;
}

FusionCase MakeCase(std::vector<ExplainedRow> rows) {
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.place < b.place; });
  FusionCase made;
  for (const ExplainedRow& row : rows) {
    if (InList(row.text) || InList(row.vector)) made.places.push_back(row.place);
  }
  made.text = MakeLeg(rows, LegType::kText, &ExplainedRow::text);
  made.vector = MakeLeg(rows, LegType::kVector, &ExplainedRow::vector);
  return made;
}

std::vector<size_t> Fuse(const FusionCase& legs, const Normalization& normalization, double text_weight, size_t top_k) {
  if (legs.places.empty()) return {};
  const std::vector<double> scores = FusedScores(legs, normalization, text_weight);
  std::vector<size_t> order(scores.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return scores[a] > scores[b]; });
  order.resize(std::min(top_k, order.size()));
  for (size_t& place : order) place = legs.places[place];
  return order;
}

}  // namespace engram::quality
