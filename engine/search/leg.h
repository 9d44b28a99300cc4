// One way of finding, bound to a query and to the namespace as it was at one moment. The seam that makes the
// default fusion possible: beside its best hits, a leg can score any slot at all.
//
// Confined to one thread.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/search/fusion/columns.h"
#include "index/scored_slot.h"
#include "index/slot_set.h"
#include "index/text/text_index.h"

namespace engram::search {

// Asked now and then by a leg at work; true ends the call, whose answer is then worth nothing.
using GiveUp = std::function<bool()>;

class Leg {
 public:
  virtual ~Leg() = default;

  // The k best of `allowed` that have what the leg needs, best first, ties by slot. The scores are Score()'s.
  virtual std::vector<ScoredSlot> Top(const SlotSet& allowed, size_t k) const = 0;

  // The raw score of each slot, higher is better, nothing where it has none; in the slots' order.
  // REQUIRES: the slots are of the view.
  virtual Scores Score(const std::vector<Slot>& slots) const = 0;

  // Text: the clauses' parts, which sum to the score.
  virtual std::vector<TermScore> Terms(Slot) const { return {}; }
  // Graph: the nodes from a seed to the memory in `slot`.
  virtual std::vector<NodeNumber> PathTo(Slot) const { return {}; }
};

// What a leg finds where it has nothing to search in.
class EmptyLeg final : public Leg {
 public:
  std::vector<ScoredSlot> Top(const SlotSet&, size_t) const override { return {}; }
  Scores Score(const std::vector<Slot>& slots) const override { return Scores(slots.size()); }
};

}  // namespace engram::search
