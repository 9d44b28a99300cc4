#include "index/vector/slot_bits.h"

#include <algorithm>
#include <bit>

extern "C" {
#include <roaring/containers/containers.h>
#include <roaring/roaring_array.h>
}

namespace engram {
namespace {

constexpr uint64_t kContainerSlots = uint64_t{1} << 16;

}  // namespace

// By container: a full one is copied word by word, which no iterator could match.
void SlotBits::Fill(const SlotSet& set, Slot first, Slot last) {
  origin_ = first.value / 64 * 64;
  last_ = last.value;
  words_.assign((last.value - origin_) / 64 + 1, 0);
  const uint64_t begin = first.value;
  const uint64_t end = uint64_t{last.value} + 1;
  const auto set_range = [&](uint64_t from, uint64_t to) {
    for (uint64_t slot = std::max(from, begin); slot < std::min(to, end);) {
      const uint64_t bit = slot - origin_;
      const uint64_t n = std::min(64 - bit % 64, std::min(to, end) - slot);
      words_[bit / 64] |= (n == 64 ? ~uint64_t{0} : (uint64_t{1} << n) - 1) << (bit % 64);
      slot += n;
    }
  };
  const roaring_array_t& containers = set.roaring.high_low_container;
  for (int32_t i = 0; i < containers.size; ++i) {
    const uint64_t base = uint64_t{containers.keys[i]} * kContainerSlots;
    if (base + kContainerSlots <= begin || base >= end) continue;
    uint8_t type = containers.typecodes[i];
    const void* container = container_unwrap_shared(containers.containers[i], &type);
    if (type == BITSET_CONTAINER_TYPE_CODE) {
      const uint64_t* words = static_cast<const bitset_container_t*>(container)->array;
      const uint64_t from = std::max<uint64_t>(base, origin_);
      const uint64_t to = std::min(base + kContainerSlots, (end + 63) / 64 * 64);
      std::copy(words + (from - base) / 64, words + (to - base) / 64,
                words_.begin() + static_cast<ptrdiff_t>((from - origin_) / 64));
    } else if (type == ARRAY_CONTAINER_TYPE_CODE) {
      const auto* array = static_cast<const array_container_t*>(container);
      const bool whole = base >= begin && base + kContainerSlots <= end;
      for (int32_t j = 0; j < array->cardinality; ++j) {
        const uint64_t slot = base + array->array[j];
        if (whole || (slot >= begin && slot < end)) {
          words_[(slot - origin_) / 64] |= uint64_t{1} << ((slot - origin_) % 64);
        }
      }
    } else {
      const auto* runs = static_cast<const run_container_t*>(container);
      for (int32_t j = 0; j < runs->n_runs; ++j) {
        const uint64_t from = base + runs->runs[j].value;
        set_range(from, from + runs->runs[j].length + 1);
      }
    }
  }
}

bool SlotBits::NextFrom(uint32_t slot, uint32_t* found) const {
  if (slot > last_) return false;
  uint64_t bit = slot - origin_;
  uint64_t word = words_[bit / 64] >> (bit % 64) << (bit % 64);
  for (size_t i = bit / 64;;) {
    if (word != 0) {
      *found = origin_ + static_cast<uint32_t>(i * 64 + static_cast<size_t>(std::countr_zero(word)));
      return *found <= last_;
    }
    if (++i == words_.size()) return false;
    word = words_[i];
  }
}

}  // namespace engram
