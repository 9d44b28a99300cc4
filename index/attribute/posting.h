// The slots of one value: one in place, a few as a sorted array, many as a bitmap. Private to
// index/attribute. Threads: as AttributeIndex.
#pragma once

#include <cstdint>
#include <memory>
#include <variant>
#include <vector>

#include "index/slot_set.h"

namespace engram {

class Posting {
 public:
  // False when the slot was there already.
  bool Add(uint32_t slot);
  // REQUIRES: they ascend, and none is there.
  void AddMany(const std::vector<uint32_t>& slots);
  // False when it was not there.
  bool Remove(uint32_t slot);

  uint64_t size() const { return size_; }
  bool Contains(uint32_t slot) const;
  uint64_t CountIn(const SlotSet& set) const;
  SlotSet ToSet() const;

  template <class Visit>
  void ForEach(Visit visit) const {
    if (const auto* set = std::get_if<Set>(&slots_)) {
      for (const uint32_t slot : (*set)->set) visit(slot);
    } else {
      for (uint32_t i = 0; i < size_; ++i) visit(Few()[i]);
    }
  }

  // Adds the slots to `set`, or to `loose` when they are few: adding many small postings to a bitmap at
  // the end and at once is far cheaper than one by one.
  void AppendTo(SlotSet* set, std::vector<uint32_t>* loose) const;

  // Bytes allocated beside the object itself.
  size_t MemoryBytes() const;

 private:
  static constexpr uint32_t kFewMax = 32;
  using Array = std::unique_ptr<uint32_t[]>;  // room for bit_ceil(size_)
  // A bitmap with its weight as of some size: weighing looks at every container.
  struct Weighed {
    explicit Weighed(SlotSet slots) : set(std::move(slots)) { Weigh(set.cardinality()); }
    void Weigh(uint64_t size);
    // Again when it has grown or shrunk by an eighth.
    void NoteSize(uint64_t size) {
      if (size > weighed_size + weighed_size / 8 || size < weighed_size - weighed_size / 8) Weigh(size);
    }

    SlotSet set;
    uint64_t weighed_size = 0;
    size_t bytes = 0;
  };
  using Set = std::unique_ptr<Weighed>;

  // The sorted slots. REQUIRES: not a bitmap.
  const uint32_t* Few() const;
  void Insert(uint32_t at, uint32_t slot);
  void Erase(uint32_t at);

  std::variant<uint32_t, Array, Set> slots_ = 0U;
  uint32_t size_ = 0;
};

// Collects a union of postings.
class PostingUnion {
 public:
  void Add(const Posting& posting) { posting.AppendTo(&set_, &loose_); }
  SlotSet Take() &&;

 private:
  void SortLoose();

  SlotSet set_;
  std::vector<uint32_t> loose_;
};

// About what the allocator gave for a bitmap: within a factor of two, in constant time.
size_t SlotSetBytes(const SlotSet& set, uint64_t cardinality);

}  // namespace engram
