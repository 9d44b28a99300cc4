// The additive score of mem0 2.x, over the completed union.
//
//   vector: cosine max(0, s); l2 1 / (1 + d); dot s
//   text:   1 / (1 + exp(-steepness * (s - midpoint))) where the text matches (s > 0), else 0; midpoint and
//           steepness by the number of words in the query:
//           <= 3: 5, 0.7    <= 6: 7, 0.6    <= 9: 9, 0.5    <= 15: 10, 0.5    more: 12, 0.5
//   graph:  in the place of mem0's entity boost: 0.5 * s / (greatest s)
//   fused   = sum over legs of the above / (1 per vector leg and text leg, 0.5 per graph leg, that has a score)
//
// mem0 ranks what its vector search returned; here what another leg brings is ranked too.
#pragma once

#include <cmath>

#include "engine/search/fusion/columns.h"

namespace engram::search {

inline double Mem0VectorScore(Metric metric, double score) {
  switch (metric) {
    case Metric::kCosine: return score > 0 ? score : 0.0;
    case Metric::kDot: return score;
    case Metric::kL2: return 1 / (1 - score);
  }
  return score;
}

inline double Mem0TextScore(uint32_t query_terms, double score) {
  if (!(score > 0)) return 0;
  struct Sigmoid {
    double midpoint;
    double steepness;
  };
  const Sigmoid sigmoid = query_terms <= 3    ? Sigmoid{5, 0.7}
                          : query_terms <= 6  ? Sigmoid{7, 0.6}
                          : query_terms <= 9  ? Sigmoid{9, 0.5}
                          : query_terms <= 15 ? Sigmoid{10, 0.5}
                                              : Sigmoid{12, 0.5};
  return 1 / (1 + std::exp(-sigmoid.steepness * (score - sigmoid.midpoint)));
}

inline constexpr double kMem0GraphShare = 0.5;

}  // namespace engram::search
