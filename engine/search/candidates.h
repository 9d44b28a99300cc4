// The slots that a search considers and what the legs give them.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "engine/search/candidate_rows.h"
#include "engine/search/fusion/fuse.h"
#include "engine/search/leg_run.h"

namespace engram::search {

// Slots, each with its place.
class CandidateSet {
 public:
  // Distinct slots in any order; they are kept ascending, so that equal searches add in equal order.
  explicit CandidateSet(std::vector<Slot> slots);

  const std::vector<Slot>& slots() const { return slots_; }
  size_t size() const { return slots_.size(); }
  std::optional<size_t> PlaceOf(Slot slot) const;

 private:
  std::vector<Slot> slots_;
};

// Every slot in any leg's list, once.
std::vector<Slot> UnionOfHits(const std::vector<LegRun>& runs);

// One column per run. Adds the time it took to the runs.
Result<std::vector<LegColumn>> MakeColumns(const CandidateSet& candidates, FusionMethod method,
                                           const SearchSource& source, std::vector<LegRun>* runs, CandidateRows* rows);

// Places of the candidates by score, best first, ties by id.
std::vector<size_t> BestFirst(const CandidateSet& candidates, const std::vector<double>& scores, CandidateRows* rows);

}  // namespace engram::search
