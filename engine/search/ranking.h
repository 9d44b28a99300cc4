// The whole of one search but for reading the hits: legs, fusion, adjustments, order, page.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "engine/search/adjust.h"
#include "engine/search/candidates.h"
#include "engine/search/leg_run.h"
#include "engine/search/plan.h"
#include "engine/search/source.h"

namespace engram::search {

// Everything a reply is made from. Where it points stays put until it dies.
struct Ranking {
  SearchPlan plan;
  IndexView view;
  std::unique_ptr<CandidateRows> rows;
  std::vector<LegRun> runs;  // in the plan's order
  std::optional<CandidateSet> candidates;
  std::vector<LegColumn> columns;
  Fused fused;
  Adjustments adjustments;
  std::vector<double> scores;  // final, by candidate
  std::vector<Value> groups;   // by candidate; empty without group_by
  std::vector<size_t> page;    // candidates, in the order of the reply
};

// `request` and `source` must outlive the ranking.
Result<std::unique_ptr<Ranking>> Rank(const SearchSource& source, const SearchRequest& request);

}  // namespace engram::search
