// Qdrant's distribution-based score fusion, over each leg's own list.
//
//   normalized(s) = (s - (mean - 3 * deviation)) / (6 * deviation)    sample deviation; not clamped
//                 = 0.5                                               one hit, or all scores equal
//   fused         = sum over legs of weight * normalized              weights 1 unless given
#pragma once

#include "engine/search/fusion/statistics.h"

namespace engram::search {

inline std::vector<double> NormalizeQdrantDbsf(const Scores& scores) {
  std::vector<double> normalized(scores.size(), 0.0);
  const Spread spread = SpreadOf(scores, Deviation::kSample);
  for (size_t i = 0; i < scores.size(); ++i) {
    if (!scores[i]) continue;
    const bool constant = !(spread.deviation > 0);
    normalized[i] = constant ? 0.5 : (*scores[i] - (spread.mean - 3 * spread.deviation)) / (6 * spread.deviation);
  }
  return normalized;
}

}  // namespace engram::search
