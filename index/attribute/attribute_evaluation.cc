// A filter's tree over the bounds of its conditions. In an AND the most selective part goes first; once
// few slots are left, they are probed one by one where that is cheaper than a union over many values.
#include <algorithm>
#include <numeric>
#include <span>
#include <utility>

#include "base/check.h"
#include "index/attribute/attribute_index.h"
#include "index/attribute/attribute_rep.h"
#include "index/attribute/condition_evaluation.h"

namespace engram {
namespace {

class Evaluation {
 public:
  Evaluation(const AttributeStore& store, Pacer* pacer) : store_(store), pacer_(pacer) {}

  Bounds Evaluate(const Filter& filter) const {
    switch (filter.kind) {
      case Filter::Kind::kAnd: return EvaluateAnd(filter.children);
      case Filter::Kind::kOr: return EvaluateOr(filter.children);
      case Filter::Kind::kNot: {
        Bounds rest(store_.slots());
        rest.AndNot(Evaluate(filter.children.front()));
        return rest;
      }
      case Filter::Kind::kCondition: return EvaluateCondition(store_, filter, pacer_);
    }
    ENGRAM_CHECK(false);
  }

  // Of the candidates that are still there.
  Bounds ProbeAll(const Filter& filter, const SlotSet& candidates) const {
    const uint64_t conditions = Conditions(filter);
    SlotSet certain;
    SlotSet unsure;
    for (const uint32_t slot : candidates) {
      if (!pacer_->Spend(conditions)) break;
      if (!store_.slots().contains(slot)) continue;
      const Truth truth = Probe(filter, slot);
      if (truth != Truth::kFalse) (truth == Truth::kTrue ? certain : unsure).add(slot);
    }
    return Bounds(std::move(certain), unsure);
  }

 private:
  Bounds EvaluateOr(const std::vector<Filter>& children) const {
    Bounds any;
    for (const Filter& child : children) any.Or(Evaluate(child));
    return any;
  }

  Bounds EvaluateAnd(const std::vector<Filter>& children) const {
    if (children.empty()) return Bounds(store_.slots());
    const std::vector<const Filter*> order = MostSelectiveFirst(children);
    Conjunct conjunct = NextConjunct(order, 0);
    Bounds all = conjunct.size() == 1 ? Evaluate(*order[0]) : EvaluateWindow(store_, conjunct, pacer_);
    for (size_t done = conjunct.size(); done < order.size() && !all.possible().isEmpty(); done += conjunct.size()) {
      conjunct = NextConjunct(order, done);
      Narrow(conjunct, &all);
    }
    return all;
  }

  // One filter, or several bounds of one window.
  using Conjunct = std::span<const Filter* const>;

  Conjunct NextConjunct(const std::vector<const Filter*>& order, size_t begin) const {
    size_t end = begin + 1;
    while (end < order.size() && IsCondition(*order[begin]) && IsCondition(*order[end]) &&
           AreOneWindow(store_, *order[begin], *order[end])) {
      ++end;
    }
    return Conjunct(order).subspan(begin, end - begin);
  }

  static bool IsCondition(const Filter& filter) { return filter.kind == Filter::Kind::kCondition; }

  void Narrow(Conjunct conjunct, Bounds* bounds) const {
    // A probe costs about as much as so many values of a union.
    constexpr uint64_t kProbeCost = 8;
    const Filter& first = *conjunct.front();
    if (bounds->possible().cardinality() * kProbeCost < Work(first)) {
      for (const Filter* filter : conjunct) bounds->And(ProbeAll(*filter, bounds->possible()));
    } else if (conjunct.size() > 1) {
      bounds->And(EvaluateWindow(store_, conjunct, pacer_));
    } else if (first.kind == Filter::Kind::kNot) {
      bounds->AndNot(Evaluate(first.children.front()));
    } else {
      bounds->And(Evaluate(first));
    }
  }

  std::vector<const Filter*> MostSelectiveFirst(const std::vector<Filter>& children) const {
    std::vector<std::pair<uint64_t, const Filter*>> estimates;
    estimates.reserve(children.size());
    for (const Filter& child : children) estimates.emplace_back(Estimate(child), &child);
    std::stable_sort(estimates.begin(), estimates.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<const Filter*> order;
    order.reserve(children.size());
    for (const auto& [estimate, child] : estimates) order.push_back(child);
    return order;
  }

  // An upper bound on the matches, as far as it is cheap to know.
  uint64_t Estimate(const Filter& filter) const {
    switch (filter.kind) {
      case Filter::Kind::kAnd: {
        uint64_t least = store_.slots().cardinality();
        for (const Filter& child : filter.children) least = std::min(least, Estimate(child));
        return least;
      }
      case Filter::Kind::kOr: {
        uint64_t sum = 0;
        for (const Filter& child : filter.children) sum += Estimate(child);
        return sum;
      }
      case Filter::Kind::kNot: return store_.slots().cardinality() + 1;  // after all that is positive
      case Filter::Kind::kCondition: return EstimateMatches(store_, filter);
    }
    ENGRAM_CHECK(false);
  }

  uint64_t Work(const Filter& filter) const {
    if (filter.kind == Filter::Kind::kCondition) return EstimateWork(store_, filter);
    return std::accumulate(filter.children.begin(), filter.children.end(), uint64_t{1},
                           [&](uint64_t sum, const Filter& child) { return sum + Work(child); });
  }

  static uint64_t Conditions(const Filter& filter) {
    return std::accumulate(filter.children.begin(), filter.children.end(), uint64_t{1},
                           [](uint64_t sum, const Filter& child) { return sum + Conditions(child); });
  }

  Truth Probe(const Filter& filter, uint32_t slot) const {
    switch (filter.kind) {
      case Filter::Kind::kAnd: {
        Truth least = Truth::kTrue;
        for (const Filter& child : filter.children) least = std::min(least, Probe(child, slot));
        return least;
      }
      case Filter::Kind::kOr: {
        Truth most = Truth::kFalse;
        for (const Filter& child : filter.children) most = std::max(most, Probe(child, slot));
        return most;
      }
      case Filter::Kind::kNot:
        return static_cast<Truth>(2 - static_cast<uint8_t>(Probe(filter.children.front(), slot)));
      case Filter::Kind::kCondition: return ProbeCondition(store_, filter, slot);
    }
    ENGRAM_CHECK(false);
  }

  const AttributeStore& store_;
  Pacer* const pacer_;
};

FilterResult ToResult(Bounds bounds) {
  const bool exact = bounds.exact();
  return {std::move(bounds).TakePossible(), exact};
}

}  // namespace

FilterResult AttributeIndex::Evaluate(const Filter& filter) const {
  Pacer pacer;
  return ToResult(Evaluation(rep_->store, &pacer).Evaluate(filter));
}

// A filter is decided slot by slot, so what a part of the evaluation found holds for every slot that did not change
// since; those that did are probed again until none is left.
std::optional<std::vector<FilterResult>> AttributeIndex::EvaluateInPieces(const std::vector<const Filter*>& filters,
                                                                          const std::function<bool()>& pause,
                                                                          uint64_t steps) const {
  Pacer pacer(&pause, steps);
  const Evaluation evaluation(rep_->store, &pacer);
  Rep::Watch watch(rep_.get());
  std::vector<Bounds> bounds;
  for (const Filter* filter : filters) bounds.push_back(evaluation.Evaluate(*filter));
  while (!watch.changed.isEmpty() && !pacer.given_up()) {
    const SlotSet changed = std::exchange(watch.changed, SlotSet());
    for (size_t i = 0; i < filters.size(); ++i) {
      bounds[i].Remove(changed);
      bounds[i].Or(evaluation.ProbeAll(*filters[i], changed));
    }
  }
  if (pacer.given_up()) return std::nullopt;
  std::vector<FilterResult> results;
  for (Bounds& one : bounds) results.push_back(ToResult(std::move(one)));
  return results;
}

}  // namespace engram
