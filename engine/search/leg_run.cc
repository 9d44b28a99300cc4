#include "engine/search/leg_run.h"

#include <algorithm>

namespace engram::search {
namespace {

void DropBelow(const std::optional<double>& min_score, std::vector<ScoredSlot>* hits) {
  if (!min_score) return;
  const auto below = [&](const ScoredSlot& hit) { return hit.score < *min_score; };
  hits->erase(std::find_if(hits->begin(), hits->end(), below), hits->end());
}

// Takes what fails the filters out of `allowed`; whether there was any.
Result<bool> RemoveFailing(const std::vector<const Filter*>& filters, const std::vector<ScoredSlot>& hits,
                           CandidateRows* rows, SlotSet* allowed) {
  bool removed = false;
  if (filters.empty()) return removed;
  for (const ScoredSlot& hit : hits) {
    ASSIGN_OR_RETURN(const bool passes, Passes(filters, hit.slot, rows));
    if (passes) continue;
    allowed->remove(hit.slot.value);
    removed = true;
  }
  return removed;
}

}  // namespace

Result<bool> Passes(const std::vector<const Filter*>& filters, Slot slot, CandidateRows* rows) {
  if (filters.empty()) return true;
  ASSIGN_OR_RETURN(const AttributeFields* fields, rows->Fields(slot));
  return std::all_of(filters.begin(), filters.end(), [&](const Filter* filter) { return Matches(*filter, *fields); });
}

Result<std::vector<ScoredSlot>> BestHits(const LegRun& run, const SearchSource& source, CandidateRows* rows) {
  const size_t k = run.plan->candidates;
  SlotSet allowed = run.allowed;
  // One more than wanted shows whether the cut goes through equal scores; then as many as it takes to see all of
  // them, since the leg orders those by slot.
  for (size_t ask = k;; ask *= 2) {
    std::vector<ScoredSlot> hits = run.leg->Top(allowed, ask + 1);
    RETURN_IF_ERROR(source.check_deadline());
    const bool all = hits.size() <= ask;
    const double last = hits.empty() ? 0 : hits.back().score;
    DropBelow(run.plan->request->min_score, &hits);
    ASSIGN_OR_RETURN(const bool removed, RemoveFailing(run.recheck, hits, rows, &allowed));
    if (removed) continue;
    const bool cut_is_clean = all || hits.size() <= k || hits[k - 1].score > last;
    if (!cut_is_clean) continue;
    rows->SortTies(&hits);
    if (hits.size() > k) hits.resize(k);
    return hits;
  }
}

Result<Scores> ContributingScores(const LegRun& run, const std::vector<Slot>& slots, CandidateRows* rows) {
  Scores scores = run.leg->Score(slots);
  const std::optional<double>& min_score = run.plan->request->min_score;
  bool finds_any = false;
  for (size_t i = 0; i < slots.size(); ++i) {
    if (!scores[i]) continue;
    bool counts = run.allowed.contains(slots[i].value) && !(min_score && *scores[i] < *min_score);
    if (counts) {
      ASSIGN_OR_RETURN(counts, Passes(run.recheck, slots[i], rows));
    }
    if (!counts) scores[i].reset();
    finds_any |= scores[i] && *scores[i] > 0;
  }
  const bool zero_is_nothing = run.plan->request->type != LegType::kVector;
  if (zero_is_nothing && !finds_any) scores.assign(slots.size(), std::nullopt);
  return scores;
}

}  // namespace engram::search
