// What filters cost the engine under test, and what they do to its recall.
#pragma once

#include <string>
#include <vector>

#include "bench/retrieval/vector_sealed.h"

namespace engram::bench {

struct FilterLine {
  std::string filter;  // "random 10 %", "around the query 1 %", "random 20 % and random 20 %"
  double matches = 0;  // mean number of rows
  std::string plan;    // the planner's, in brackets when it was told
  Run run;             // with two filters, intersecting them is part of the time
  size_t fewer = 0;    // queries that got less than the nearest 10, or than all that match
  double without = 0;  // p50 in µs without a filter at this recall, or at the best it has
};

struct FilterOptions {
  size_t queries = 200;
  size_t rounds = 3;
  uint64_t seed = 1;
  bool every_plan = false;
};

std::vector<FilterLine> MeasureFilters(const VectorSet& set, const VectorFolder& folder, const Sealed& sealed,
                                       const FilterOptions& options);

}  // namespace engram::bench
