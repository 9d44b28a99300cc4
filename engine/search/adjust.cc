#include "engine/search/adjust.h"

#include <algorithm>
#include <cmath>

namespace engram::search {
namespace {

constexpr double kMicrosPerSecond = 1e6;

double ContextShare(double weight, const std::vector<std::pair<size_t, uint32_t>>& neighbors,
                    const std::vector<double>& fused) {
  double share = 0;
  for (const auto& [place, distance] : neighbors) share += weight / distance * fused[place];
  return share;
}

// Where the field named is one of the columns that every row carries.
bool IsEventTime(const std::string& field) { return field.empty() || field == "event_time"; }

void AddRecency(const SearchRequest& request, const CandidateSet& candidates, const SearchSource& source,
                const IndexView& view, CandidateRows* rows, Adjustments* adjustments) {
  const std::vector<Slot>& slots = candidates.slots();
  std::vector<Value> times;
  if (!IsEventTime(request.recency.field)) times = source.index->FieldValues(view, slots, request.recency.field);
  for (size_t i = 0; i < slots.size(); ++i) {
    double& share = (*adjustments)[i]["recency"];
    if (IsEventTime(request.recency.field)) {
      share = RecencyShare(request.recency, rows->At(slots[i]).event_time, source.now);
    } else if (times[i].kind() == Value::Kind::kInt) {
      share = RecencyShare(request.recency, {times[i].as_int()}, source.now);
    }
  }
}

}  // namespace

double RecencyShare(const RecencyOptions& recency, Timestamp time, Timestamp now) {
  const double age_micros = static_cast<double>(now.micros) - static_cast<double>(time.micros);
  const double age_seconds = std::max(age_micros, 0.0) / kMicrosPerSecond;
  return recency.weight * std::exp2(-age_seconds / recency.half_life_seconds);
}

double FinalScore(double fused, const std::map<std::string, double>& adjustments) {
  double score = fused;
  for (const auto& [name, share] : adjustments) score += share;
  return score;
}

Adjustments Adjust(const SearchRequest& request, const CandidateSet& candidates, const std::vector<double>& fused,
                   const Neighborhood& neighborhood, const SearchSource& source, const IndexView& view,
                   CandidateRows* rows) {
  const std::vector<Slot>& slots = candidates.slots();
  Adjustments adjustments(slots.size());
  for (size_t i = 0; i < neighborhood.size(); ++i) {
    adjustments[i]["context"] = ContextShare(request.context.weight, neighborhood[i], fused);
  }
  const bool by_state = request.feedback_weight != 0 || request.importance_weight != 0;
  const bool by_time = request.recency.weight != 0 && IsEventTime(request.recency.field);
  if (by_state || by_time) rows->Load(slots);
  for (size_t i = 0; by_state && i < slots.size(); ++i) {
    const StateRecord& state = rows->At(slots[i]).state;
    if (request.feedback_weight != 0) adjustments[i]["feedback"] = request.feedback_weight * FeedbackScore(state);
    if (request.importance_weight != 0) {
      adjustments[i]["importance"] = request.importance_weight * state.importance.value_or(0);
    }
  }
  if (request.recency.weight != 0) AddRecency(request, candidates, source, view, rows, &adjustments);
  return adjustments;
}

}  // namespace engram::search
