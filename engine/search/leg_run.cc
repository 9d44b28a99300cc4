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
                           CandidateRows* rows, SharedSlots* allowed) {
  std::vector<uint32_t> failing;
  if (filters.empty()) return false;
  for (const ScoredSlot& hit : hits) {
    ASSIGN_OR_RETURN(const bool passes, Passes(filters, hit.slot, rows));
    if (!passes) failing.push_back(hit.slot.value);
  }
  if (failing.empty()) return false;
  *allowed = **allowed - SlotSet(failing.size(), failing.data());
  return true;
}

}  // namespace

Result<bool> Passes(const std::vector<const Filter*>& filters, Slot slot, CandidateRows* rows) {
  if (filters.empty()) return true;
  ASSIGN_OR_RETURN(const AttributeFields* fields, rows->Fields(slot));
  return std::all_of(filters.begin(), filters.end(), [&](const Filter* filter) { return Matches(*filter, *fields); });
}

Result<std::vector<ScoredSlot>> BestHits(const LegRun& run, const SearchSource& source, CandidateRows* rows) {
  const size_t k = run.plan->candidates;
  SharedSlots allowed = run.allowed;
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

Status ScoreTheRest(const LegRun& run, const std::vector<Slot>& slots, CandidateRows* rows, Scores* scores) {
  std::vector<Slot> others;
  for (size_t i = 0; i < slots.size(); ++i) {
    if (!(*scores)[i]) others.push_back(slots[i]);
  }
  const Scores found = others.empty() ? Scores() : run.leg->Score(others);
  const std::optional<double>& min_score = run.plan->request->min_score;
  for (size_t i = 0, other = 0; i < slots.size(); ++i) {
    if ((*scores)[i]) continue;
    const std::optional<double> score = found[other++];
    if (!score || !run.allowed.contains(slots[i].value) || (min_score && *score < *min_score)) continue;
    ASSIGN_OR_RETURN(const bool passes, Passes(run.recheck, slots[i], rows));
    if (passes) (*scores)[i] = score;
  }
  const bool zero_is_nothing = run.plan->request->type != LegType::kVector;
  const auto is_something = [](const std::optional<double>& score) { return score && *score > 0; };
  if (zero_is_nothing && std::none_of(scores->begin(), scores->end(), is_something)) {
    scores->assign(slots.size(), std::nullopt);
  }
  return {};
}

}  // namespace engram::search
