// What the legs of one search say about its candidates, and what a fusion makes of it. A column has one
// entry per candidate; all columns of a search speak of the same candidates in the same order.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/search.h"
#include "index/vector/distance.h"

namespace engram::search {

// Raw scores, nothing where the leg has none.
using Scores = std::vector<std::optional<double>>;

struct LegColumn {
  LegType type = LegType::kText;
  Metric metric = Metric::kCosine;  // vector legs
  uint32_t query_terms = 0;         // text legs: words of the query, repeated ones counted
  double weight = 1;                // finite and >= 0
  Scores scores;
  std::vector<std::optional<uint32_t>> ranks;  // from 1 in the leg's own list, nothing outside it
};

// A leg's part in the fused scores: the fused score of a candidate is the sum of its contributions, added in
// the order of the legs.
struct LegShare {
  std::vector<double> normalized;
  std::vector<double> contributions;
};

}  // namespace engram::search
