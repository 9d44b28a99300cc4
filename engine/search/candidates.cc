#include "engine/search/candidates.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace engram::search {
namespace {

// A leg's own list, spread over the candidates.
LegColumn OwnList(const LegRun& run, const CandidateSet& candidates) {
  LegColumn column;
  column.type = run.plan->request->type;
  column.metric = run.plan->metric;
  column.query_terms = run.plan->query_terms;
  column.weight = run.plan->weight;
  column.scores.resize(candidates.size());
  column.ranks.resize(candidates.size());
  uint32_t rank = 0;
  for (const ScoredSlot& hit : run.hits) {
    const std::optional<size_t> place = candidates.PlaceOf(hit.slot);
    column.scores[*place] = hit.score;
    column.ranks[*place] = ++rank;
  }
  return column;
}

}  // namespace

CandidateSet::CandidateSet(std::vector<Slot> slots) : slots_(std::move(slots)) {
  std::sort(slots_.begin(), slots_.end());
}

std::optional<size_t> CandidateSet::PlaceOf(Slot slot) const {
  const auto at = std::lower_bound(slots_.begin(), slots_.end(), slot);
  if (at == slots_.end() || *at != slot) return std::nullopt;
  return static_cast<size_t>(at - slots_.begin());
}

std::vector<Slot> UnionOfHits(const std::vector<LegRun>& runs) {
  std::vector<Slot> slots;
  for (const LegRun& run : runs) {
    for (const ScoredSlot& hit : run.hits) slots.push_back(hit.slot);
  }
  std::sort(slots.begin(), slots.end());
  slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  return slots;
}

Result<std::vector<LegColumn>> MakeColumns(const CandidateSet& candidates, FusionMethod method,
                                           const SearchSource& source, std::vector<LegRun>* runs, CandidateRows* rows) {
  std::vector<LegColumn> columns;
  for (LegRun& run : *runs) {
    const auto start = source.clock->Monotonic();
    columns.push_back(OwnList(run, candidates));
    if (ScoresUnion(method)) {
      RETURN_IF_ERROR(ScoreTheRest(run, candidates.slots(), rows, &columns.back().scores));
      RETURN_IF_ERROR(source.check_deadline());
    }
    run.took += source.clock->Monotonic() - start;
  }
  return columns;
}

std::vector<size_t> BestFirst(const CandidateSet& candidates, const std::vector<double>& scores, CandidateRows* rows) {
  std::vector<size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const std::vector<Slot>& slots = candidates.slots();
  // What is no number stands last: comparing it would make the order no order.
  const auto key = [&](size_t i) {
    return std::isnan(scores[i]) ? -std::numeric_limits<double>::infinity() : scores[i];
  };
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return key(a) > key(b); });
  // Few scores are equal: only of those the ids are looked up, all at once.
  std::vector<std::pair<size_t, size_t>> ties;
  std::vector<Slot> tied;
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    for (end = begin + 1; end < order.size() && key(order[end]) == key(order[begin]);) ++end;
    if (end - begin == 1) continue;
    ties.emplace_back(begin, end);
    for (size_t i = begin; i < end; ++i) tied.push_back(slots[order[i]]);
  }
  rows->Load(tied);
  for (const auto& [begin, end] : ties) {
    std::sort(order.begin() + static_cast<ptrdiff_t>(begin), order.begin() + static_cast<ptrdiff_t>(end),
              [&](size_t a, size_t b) { return rows->IdBefore(slots[a], slots[b]); });
  }
  return order;
}

}  // namespace engram::search
