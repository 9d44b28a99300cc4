#include "index/attribute/posting.h"

#include <algorithm>
#include <bit>

namespace engram {

const uint32_t* Posting::Few() const {
  const auto* array = std::get_if<Array>(&slots_);
  return array ? array->get() : &std::get<uint32_t>(slots_);
}

// Keeps the array sorted; moves to the next form when it is full.
void Posting::Insert(uint32_t at, uint32_t slot) {
  const uint32_t* few = Few();
  if (size_ == kFewMax) {
    SlotSet set(size_, few);
    set.add(slot);
    slots_ = std::make_unique<Weighed>(std::move(set));
    return;
  }
  if (size_ == 0) {
    slots_ = slot;
    return;
  }
  auto* array = std::get_if<Array>(&slots_);
  if (array && !std::has_single_bit(size_)) {
    std::copy_backward(few + at, few + size_, array->get() + size_ + 1);
    (*array)[at] = slot;
    return;
  }
  Array grown = std::make_unique<uint32_t[]>(std::bit_ceil(size_ + 1));
  std::copy(few, few + at, grown.get());
  grown[at] = slot;
  std::copy(few + at, few + size_, grown.get() + at + 1);
  slots_ = std::move(grown);
}

bool Posting::Add(uint32_t slot) {
  if (auto* set = std::get_if<Set>(&slots_)) {
    if (!(*set)->set.addChecked(slot)) return false;
    (*set)->NoteSize(++size_);
    return true;
  }
  const uint32_t* few = Few();
  const uint32_t* at = std::lower_bound(few, few + size_, slot);
  if (at != few + size_ && *at == slot) return false;
  Insert(static_cast<uint32_t>(at - few), slot);
  ++size_;
  return true;
}

void Posting::AddMany(const std::vector<uint32_t>& slots) {
  if (size_ + slots.size() <= kFewMax) {
    for (const uint32_t slot : slots) (void)Add(slot);
    return;
  }
  auto* set = std::get_if<Set>(&slots_);
  if (set == nullptr) {
    slots_ = std::make_unique<Weighed>(SlotSet(size_, Few()));
    set = std::get_if<Set>(&slots_);
  }
  (*set)->set.addMany(slots.size(), slots.data());
  size_ += static_cast<uint32_t>(slots.size());
  (*set)->NoteSize(size_);
}

void Posting::Erase(uint32_t at) {
  auto* array = std::get_if<Array>(&slots_);
  if (!array) return;  // the only slot: size_ says that it is gone
  uint32_t* few = array->get();
  std::copy(few + at + 1, few + size_, few + at);
  const uint32_t left = size_ - 1;
  if (left == 1) {
    slots_ = uint32_t{few[0]};
  } else if (std::has_single_bit(left)) {
    Array shrunk = std::make_unique<uint32_t[]>(left);
    std::copy(few, few + left, shrunk.get());
    slots_ = std::move(shrunk);
  }
}

bool Posting::Remove(uint32_t slot) {
  if (auto* set = std::get_if<Set>(&slots_)) {
    if (!(*set)->set.removeChecked(slot)) return false;
    (*set)->NoteSize(--size_);
    // Half the limit, so that a posting at the limit doesn't change its form to and fro.
    if (size_ > kFewMax / 2) return true;
    Array few = std::make_unique<uint32_t[]>(std::bit_ceil(size_));
    (*set)->set.toUint32Array(few.get());
    slots_ = std::move(few);
    return true;
  }
  const uint32_t* few = Few();
  const uint32_t* at = std::lower_bound(few, few + size_, slot);
  if (at == few + size_ || *at != slot) return false;
  Erase(static_cast<uint32_t>(at - few));
  --size_;
  return true;
}

bool Posting::Contains(uint32_t slot) const {
  if (const auto* set = std::get_if<Set>(&slots_)) return (*set)->set.contains(slot);
  return std::binary_search(Few(), Few() + size_, slot);
}

uint64_t Posting::CountIn(const SlotSet& other) const {
  if (const auto* set = std::get_if<Set>(&slots_)) return (*set)->set.and_cardinality(other);
  return static_cast<uint64_t>(
      std::count_if(Few(), Few() + size_, [&](uint32_t slot) { return other.contains(slot); }));
}

SlotSet Posting::ToSet() const {
  if (const auto* set = std::get_if<Set>(&slots_)) return (*set)->set;
  return SlotSet(size_, Few());
}

void Posting::Weighed::Weigh(uint64_t size) {
  weighed_size = size;
  bytes = SlotSetBytes(set, size);
}

void Posting::AppendTo(SlotSet* set, std::vector<uint32_t>* loose) const {
  if (const auto* own = std::get_if<Set>(&slots_)) {
    *set |= (*own)->set;
  } else {
    loose->insert(loose->end(), Few(), Few() + size_);
  }
}

size_t Posting::MemoryBytes() const {
  constexpr size_t kMallocOverhead = 8;
  if (const auto* set = std::get_if<Set>(&slots_)) return sizeof(Weighed) + (*set)->bytes;
  if (std::holds_alternative<Array>(slots_)) return std::bit_ceil(size_) * sizeof(uint32_t) + kMallocOverhead;
  return 0;
}

// Sorts by setting bits where the numbers stand close enough: two passes instead of n log n, and ranges
// over many values are the slowest conditions there are.
void PostingUnion::SortLoose() {
  if (std::is_sorted(loose_.begin(), loose_.end())) return;
  const auto [least, greatest] = std::minmax_element(loose_.begin(), loose_.end());
  const uint32_t base = *least;
  const size_t words_count = (*greatest - base) / 64 + 1;
  if (words_count > loose_.size()) {
    std::sort(loose_.begin(), loose_.end());
    return;
  }
  std::vector<uint64_t> words(words_count);
  for (const uint32_t slot : loose_) words[(slot - base) / 64] |= uint64_t{1} << ((slot - base) % 64);
  loose_.clear();
  for (size_t i = 0; i < words_count; ++i) {
    for (uint64_t word = words[i]; word != 0; word &= word - 1) {
      loose_.push_back(base + static_cast<uint32_t>(i * 64) + static_cast<uint32_t>(std::countr_zero(word)));
    }
  }
}

SlotSet PostingUnion::Take() && {
  if (!loose_.empty()) {
    SortLoose();
    set_.addMany(loose_.size(), loose_.data());
  }
  return std::move(set_);
}

size_t SlotSetBytes(const SlotSet& set, uint64_t cardinality) {
  if (cardinality == 0) return 0;
  // A container for every 65,536 numbers: 2 bytes a member with room to grow, or 8 KiB.
  constexpr uint64_t kContainerBytes = 56;
  constexpr uint64_t kBitsetBytes = 8192;
  const uint64_t span = (set.maximum() >> 16) - (set.minimum() >> 16) + 1;
  const uint64_t containers = std::min(cardinality, span);
  return containers * kContainerBytes + std::min(cardinality * 5 / 2, containers * kBitsetBytes);
}

}  // namespace engram
