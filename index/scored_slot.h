// What a leg finds: a slot and how well it fits. Higher is better everywhere.
#pragma once

#include <vector>

#include "base/ids.h"

namespace engram {

struct ScoredSlot {
  Slot slot;
  double score = 0;
};

// Best first; equal scores by ascending slot, so that every leg is deterministic.
inline bool BetterHit(const ScoredSlot& a, const ScoredSlot& b) {
  return a.score != b.score ? a.score > b.score : a.slot < b.slot;
}

}  // namespace engram
