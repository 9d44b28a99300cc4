// The normalisations of OpenSearch's hybrid query (its neural-search plugin), combined by the weighted
// arithmetic mean, over each leg's own list. A leg that lacks a candidate gives it 0 and keeps its weight.
//
//   min_max:  (s - low) / (high - low); the lowest hit 0.001 instead of 0; one hit, or all equal: 1
//   l2:       s / sqrt(sum of s * s); 0 when that is 0
//   z_score:  (s - mean) / deviation, sample deviation; 0.001 where that is not above 0
//   fused     = sum over legs of weight / (sum of weights) * normalized    weights equal unless given
//
// Where all scores of a leg are equal, OpenSearch's z_score gives the raw score, whatever its scale; here it
// is 1, as min_max has it. Vector scores are first turned into what its k-NN queries return:
//   cosine (1 + s) / 2      l2 1 / (1 + d * d), d = -s      dot 1 + s for s >= 0, 1 / (1 - s) below
#pragma once

#include "engine/search/fusion/statistics.h"

namespace engram::search {

inline constexpr double kOpensearchLowest = 0.001;

inline double OpensearchVectorScore(Metric metric, double score) {
  switch (metric) {
    case Metric::kCosine: return (1 + score) / 2;
    case Metric::kDot: return score >= 0 ? 1 + score : 1 / (1 - score);
    case Metric::kL2: return 1 / (1 + score * score);
  }
  return score;
}

inline std::vector<double> NormalizeOpensearchMinmax(const Scores& scores) {
  std::vector<double> normalized(scores.size(), 0.0);
  const auto range = RangeOf(scores);
  if (!range) return normalized;
  const double width = range->high - range->low;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!scores[i]) continue;
    const double share = width > 0 ? (*scores[i] - range->low) / width : 1.0;
    normalized[i] = share == 0 ? kOpensearchLowest : share;
  }
  return normalized;
}

inline std::vector<double> NormalizeOpensearchL2(const Scores& scores) {
  std::vector<double> normalized(scores.size(), 0.0);
  double squares = 0;
  for (const auto& score : scores) squares += score ? *score * *score : 0.0;
  const double norm = std::sqrt(squares);
  if (norm == 0) return normalized;
  for (size_t i = 0; i < scores.size(); ++i) normalized[i] = scores[i] ? *scores[i] / norm : 0.0;
  return normalized;
}

inline std::vector<double> NormalizeOpensearchZscore(const Scores& scores) {
  std::vector<double> normalized(scores.size(), 0.0);
  const Spread spread = SpreadOf(scores, Deviation::kSample);
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!scores[i]) continue;
    const double z = spread.deviation > 0 ? (*scores[i] - spread.mean) / spread.deviation : 1.0;
    normalized[i] = z > 0 ? z : kOpensearchLowest;
  }
  return normalized;
}

}  // namespace engram::search
