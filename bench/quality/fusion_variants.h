// Ways to fuse a text and a vector leg: the engine's own methods and what they might be instead. Pure functions over
// the exact scores that the engine gives every row in every leg.
//
//   z(s) = (s - mean) / deviation     population deviation; 1 from the mean up and 0 below where the deviation is 0
//   plain z    clipped min(1, max(0, (z + 3) / 6))    logistic 1 / (1 + exp(-z))
//   fused = weight * text + (1 - weight) * vector
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/search.h"
#include "engine/search/fusion/columns.h"
#include "engine/search/fusion/statistics.h"

namespace engram::quality {

// Of which of a leg's scores mean and deviation are taken.
enum class ScoresOf { kUnion, kOwnList, kAllRows };
enum class Shape { kPlain, kClipped, kLogistic };

struct Normalization {
  std::string name;
  bool of_engine;  // `method` decides, through the engine's code; otherwise `scores_of` and `shape`
  FusionMethod method = FusionMethod::kRelative;
  ScoresOf scores_of = ScoresOf::kUnion;
  Shape shape = Shape::kPlain;
};

// `relative`, the default, is the first; the engine's `zscore` is plain over the union.
const std::vector<Normalization>& Normalizations();

// What one query's legs say: columns over the completed union of each leg's first `kCandidates`, in the order of
// `places`, and the scores' spread elsewhere.
struct FusionCase {
  static constexpr uint32_t kCandidates = 100;

  struct Leg {
    search::LegColumn column;  // of the union
    search::Spread own_list;
    search::Spread all_rows;
  };

  std::vector<size_t> places;
  Leg text;
  Leg vector;
};

// One row of the query's namespace as an explained search over all rows gives it.
struct ExplainedRow {
  size_t place = 0;
  LegExplanation text;
  LegExplanation vector;
};
FusionCase MakeCase(std::vector<ExplainedRow> rows);

// The best `top_k` places; equal scores in the order of the places. REQUIRES: 0 < text_weight < 1.
std::vector<size_t> Fuse(const FusionCase& legs, const Normalization& normalization, double text_weight, size_t top_k);

}  // namespace engram::quality
