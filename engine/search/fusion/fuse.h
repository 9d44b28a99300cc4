// From columns of raw scores to one fused score per candidate. Pure: equal columns give equal bits.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "engine/search.h"
#include "engine/search/fusion/columns.h"

namespace engram::search {

// Whether the method wants every candidate scored by every leg, or each leg's own list alone.
bool ScoresUnion(FusionMethod method);

// The weight of a leg that was given none: by its type (text 0.4, vector 0.6, graph 0.2) where weights are
// ours, 1 in the formulas of others.
double DefaultWeight(FusionMethod method, LegType type);

struct Fused {
  std::vector<LegShare> legs;  // one per column
  std::vector<double> scores;  // by candidate: the legs' contributions, added in their order
};

// `k` is rrf's and qdrant_rrf's constant. REQUIRES: weights are finite and >= 0, and not all 0.
Fused Fuse(FusionMethod method, std::optional<double> k, const std::vector<LegColumn>& columns);

}  // namespace engram::search
