// The k best texts of a view. Two exact ways to one answer: walking the postings, or looking up each
// allowed text; which is faster depends on how many are allowed.
#pragma once

#include <vector>

#include "index/scored_slot.h"
#include "index/slot_set.h"
#include "index/text/text_view.h"

namespace engram {

std::vector<ScoredSlot> TopByWalking(const TextView::Rep& view, const SlotSet& allowed, size_t k);
std::vector<ScoredSlot> TopByLookup(const TextView::Rep& view, const SlotSet& allowed, size_t k);

}  // namespace engram
