// The live memories of every run in their order, for neighbours in a conversation.
//
// Threads: guarded by the lock of the index that owns it.
#pragma once

#include <compare>
#include <cstdint>
#include <set>
#include <vector>

#include "base/ids.h"
#include "engine/publication.h"

namespace engram {

class RunOrders {
 public:
  void Add(uint32_t run, const RunOrder& order, Slot slot) { members_.insert({run, order, slot}); }
  void Remove(uint32_t run, const RunOrder& order, Slot slot) { members_.erase({run, order, slot}); }

  // Visits the slots at most `window` places before and after `order`, nearest first on each side, with their
  // distance. What stands at `order` itself isn't visited: it is the memory asked about, or its newer content.
  template <class Visit>
  void VisitNear(uint32_t run, const RunOrder& order, uint32_t window, Visit visit) const {
    const auto self = members_.lower_bound({run, order, Slot(0)});
    auto before = self;
    for (uint32_t distance = 1; distance <= window && before != members_.begin(); ++distance) {
      --before;
      if (before->run != run) break;
      visit(before->slot, distance);
    }
    auto after = self;
    while (after != members_.end() && after->run == run && after->order == order) ++after;
    for (uint32_t distance = 1; distance <= window && after != members_.end(); ++distance, ++after) {
      if (after->run != run) break;
      visit(after->slot, distance);
    }
  }

  std::vector<Slot> Members(uint32_t run) const {
    std::vector<Slot> slots;
    for (auto at = members_.lower_bound({run, kFirst, Slot(0)}); at != members_.end() && at->run == run; ++at) {
      slots.push_back(at->slot);
    }
    return slots;
  }

  bool operator==(const RunOrders&) const = default;

  size_t MemoryBytes() const { return sizeof(*this) + members_.size() * (sizeof(Member) + kTreeNodeBytes); }

 private:
  struct Member {
    uint32_t run = 0;
    RunOrder order;
    Slot slot;
    auto operator<=>(const Member&) const = default;
  };
  static constexpr RunOrder kFirst{{INT64_MIN}, Position(0), 0};
  static constexpr size_t kTreeNodeBytes = 32;  // colour and three pointers

  std::set<Member> members_;  // one tree for all runs: most are short
};

}  // namespace engram
