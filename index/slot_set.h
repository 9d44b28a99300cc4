// A set of slots: CRoaring's compressed bitmap (https://arxiv.org/abs/1603.06549).
#pragma once

#include <memory>
#include <utility>

#include <roaring/roaring.hh>

namespace engram {

using SlotSet = ::Roaring;

// A set that doesn't change any more: copies share it, as one of a million slots weighs 128 KB. Reads like the set it
// is. Thread-safe as a shared_ptr is.
class SharedSlots {
 public:
  SharedSlots() : set_(std::make_shared<const SlotSet>()) {}
  SharedSlots(SlotSet set) : set_(std::make_shared<const SlotSet>(std::move(set))) {}  // NOLINT: implicit on purpose

  operator const SlotSet&() const { return *set_; }  // NOLINT: implicit on purpose
  const SlotSet& operator*() const { return *set_; }
  const SlotSet* operator->() const { return set_.get(); }

  bool contains(uint32_t slot) const { return set_->contains(slot); }
  uint64_t cardinality() const { return set_->cardinality(); }
  auto begin() const { return set_->begin(); }
  auto end() const { return set_->end(); }

 private:
  std::shared_ptr<const SlotSet> set_;
};

}  // namespace engram
