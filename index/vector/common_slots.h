// The rows whose slots are in a set; private to index/vector.
#pragma once

#include <algorithm>
#include <cstdint>

#include "index/slot_set.h"

namespace engram {

// The first place in [pos, n) whose slot is at least `slot`, found by doubling steps: next to nothing for
// neighbours, logarithmic over gaps.
inline size_t Gallop(const uint32_t* slots, size_t pos, size_t n, uint32_t slot) {
  size_t step = 1;
  size_t low = pos;
  while (pos + step < n && slots[pos + step] < slot) {
    low = pos + step;
    step *= 2;
  }
  const size_t high = std::min(pos + step + 1, n);
  return static_cast<size_t>(std::lower_bound(slots + low, slots + high, slot) - slots);
}

// Calls `visit(place, slot)` for every one of `n` ascending slots that is in the set from `next` on, which
// moves along, until it returns false, as this does then. Both sides are sorted and each leaps to where the other
// stands, so the cost follows the smaller of the two, wherever rows are few, the filter is narrow or both are dense.
template <class Visit>
bool ForEachCommon(const uint32_t* slots, size_t n, SlotSet::const_iterator& next, Visit visit) {
  size_t pos = 0;
  while (pos < n && next.i.has_value) {
    if (slots[pos] < *next) {
      pos = Gallop(slots, pos, n, *next);
    } else if (slots[pos] == *next) {
      if (!visit(pos, slots[pos])) return false;
      ++pos;
      ++next;
    } else {
      ++next;
      if (next.i.has_value && *next < slots[pos]) next.equalorlarger(slots[pos]);
    }
  }
  return true;
}

}  // namespace engram
