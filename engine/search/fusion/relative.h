// The default: min-max over the completed union (docs/quality.md has the figures).
//
//   normalized(s) = (s - low) / (high - low)    low, high: of the leg's scores over all candidates
//                 = 1                           when all of them are equal
//                 = 0                           where the leg has no score
//   fused         = sum over legs of weight / (sum of weights) * normalized
//
// A candidate that a text leg does not match, or that no walk of a graph leg reaches, has the score 0 there and takes
// part in low; a memory without a vector has no score in a vector leg and does not.
#pragma once

#include "engine/search/fusion/statistics.h"

namespace engram::search {

inline std::vector<double> NormalizeRelative(const Scores& scores) {
  std::vector<double> normalized(scores.size(), 0.0);
  const auto range = RangeOf(scores);
  if (!range) return normalized;
  const double width = range->high - range->low;
  for (size_t i = 0; i < scores.size(); ++i) {
    if (scores[i]) normalized[i] = width > 0 ? (*scores[i] - range->low) / width : 1.0;
  }
  return normalized;
}

}  // namespace engram::search
