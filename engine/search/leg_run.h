// A leg at work in one search: its plan, what it may bring, what it brought.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/search/candidate_rows.h"
#include "engine/search/leg.h"
#include "engine/search/plan.h"
#include "engine/search/source.h"

namespace engram::search {

struct LegRun {
  const LegPlan* plan = nullptr;
  std::unique_ptr<Leg> leg;
  SharedSlots allowed;                 // visible, by every leg's rules and this leg's own filter
  std::vector<const Filter*> recheck;  // `allowed` is a superset: these decide on rows; empty when it is exact
  std::vector<ScoredSlot> hits;        // its own list: best first, ties by id
  std::chrono::nanoseconds took{0};
};

// The plan's number of best hits at or above the leg's min_score. Exact at the cut too: of equal scores the least
// ids stay.
Result<std::vector<ScoredSlot>> BestHits(const LegRun& run, const SearchSource& source, CandidateRows* rows);

// Completes a leg's column: `scores` has those of its own hits, by slot, and gets the others' as contributions: nothing
// outside the leg's own filter or below its min_score, and nothing at all from a text or graph leg that has 0 for all.
Status ScoreTheRest(const LegRun& run, const std::vector<Slot>& slots, CandidateRows* rows, Scores* scores);

// Whether the row passes all of the filters.
Result<bool> Passes(const std::vector<const Filter*>& filters, Slot slot, CandidateRows* rows);

}  // namespace engram::search
