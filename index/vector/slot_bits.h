// A range of a slot set as plain bits: a walk asks for thousands of single slots, which a compressed set
// answers ten times slower; private to index/vector.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ids.h"
#include "index/slot_set.h"

namespace engram {

// Confined to one search; refilled for the next without giving its memory back.
class SlotBits {
 public:
  // Takes over the slots of `set` in [first, last].
  void Fill(const SlotSet& set, Slot first, Slot last);

  // REQUIRES: `slot` is in the range.
  bool Contains(uint32_t slot) const {
    const uint32_t bit = slot - origin_;
    return (words_[bit / 64] >> (bit % 64) & 1) != 0;
  }
  const uint64_t* words() const { return words_.data(); }
  uint32_t origin() const { return origin_; }  // the slot of the first bit
  // The first slot of the set that is at least `slot`; false when the range has none.
  bool NextFrom(uint32_t slot, uint32_t* found) const;

 private:
  uint32_t origin_ = 0;  // a multiple of 64
  uint32_t last_ = 0;
  std::vector<uint64_t> words_;
};

}  // namespace engram
