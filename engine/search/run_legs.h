// Runs the legs of a plan: text and vector first, then the graph, which may start from what they found.
#pragma once

#include <vector>

#include "engine/search/candidate_rows.h"
#include "engine/search/leg_run.h"
#include "engine/search/plan.h"
#include "engine/search/source.h"

namespace engram::search {

// One run per leg, in the plan's order. `plan` and `view` must outlive the runs.
Result<std::vector<LegRun>> RunLegs(const SearchSource& source, const SearchRequest& request, const SearchPlan& plan,
                                    const IndexView& view, CandidateRows* rows);

}  // namespace engram::search
