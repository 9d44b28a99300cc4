// BM25 over the memories' texts (index/text/text_index.h).
#pragma once

#include <utility>
#include <vector>

#include "engine/search/leg.h"

namespace engram::search {

// A slot that no clause matches has the score 0, not none.
class TextLeg final : public Leg {
 public:
  TextLeg(TextView view, GiveUp give_up) : view_(std::move(view)), give_up_(std::move(give_up)) {}
  std::vector<ScoredSlot> Top(const SlotSet& allowed, size_t k) const override;
  Scores Score(const std::vector<Slot>& slots) const override;
  std::vector<TermScore> Terms(Slot slot) const override;

 private:
  TextView view_;
  GiveUp give_up_;
};

}  // namespace engram::search
