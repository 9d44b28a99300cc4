#include "engine/search/text_leg.h"

namespace engram::search {

std::vector<ScoredSlot> TextLeg::Top(const SlotSet& allowed, size_t k) const { return view_.Top(allowed, k, give_up_); }

Scores TextLeg::Score(const std::vector<Slot>& slots) const {
  const std::vector<double> scores = view_.Score(slots, give_up_);
  return {scores.begin(), scores.end()};
}

std::vector<TermScore> TextLeg::Terms(Slot slot) const { return view_.Explain(slot); }

}  // namespace engram::search
