// Standard scores over the completed union.
//
//   normalized(s) = (s - mean) / deviation      of the leg's scores over all candidates, population deviation
//                 = 1                           when all of them are equal
//                 = the leg's lowest, or 0      where the leg has no score; 0 when all of them are equal
//   fused         = sum over legs of weight / (sum of weights) * normalized
//
// A memory that a leg can't score stands where the worst scored one stands: 0 would be the average.
#pragma once

#include "engine/search/fusion/statistics.h"

namespace engram::search {

inline std::vector<double> NormalizeZscore(const Scores& scores) {
  std::vector<double> normalized(scores.size(), 0.0);
  const auto range = RangeOf(scores);
  if (!range) return normalized;
  const Spread spread = SpreadOf(scores, Deviation::kPopulation);
  const bool constant = !(spread.deviation > 0);
  const double lowest = constant ? 0.0 : (range->low - spread.mean) / spread.deviation;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!scores[i]) {
      normalized[i] = lowest;
    } else {
      normalized[i] = constant ? 1.0 : (*scores[i] - spread.mean) / spread.deviation;
    }
  }
  return normalized;
}

}  // namespace engram::search
