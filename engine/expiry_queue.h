// What expires when: memories by their own time, runs by theirs.
//
// Threads: guarded by the lock of the index that owns it.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>

#include "base/ids.h"
#include "base/timestamp.h"

namespace engram {

class ExpiryQueue {
 public:
  struct Due {
    Timestamp time;
    bool run = false;
    uint32_t number = 0;  // node or run
    auto operator<=>(const Due&) const = default;
  };

  void AddMemory(NodeNumber node, std::optional<Timestamp> expires_at) {
    if (expires_at) queue_.insert({*expires_at, false, node.value});
  }
  void RemoveMemory(NodeNumber node, std::optional<Timestamp> expires_at) {
    if (expires_at) queue_.erase({*expires_at, false, node.value});
  }

  void SetRun(uint32_t run, std::optional<Timestamp> expires_at) {
    if (const auto known = runs_.find(run); known != runs_.end()) {
      queue_.erase({known->second, true, run});
      runs_.erase(known);
    }
    if (!expires_at) return;
    runs_.emplace(run, *expires_at);
    queue_.insert({*expires_at, true, run});
  }
  // A memory joined the run: it expires with it, also when the run's time was taken from the queue before.
  void JoinRun(uint32_t run) {
    if (const auto known = runs_.find(run); known != runs_.end()) queue_.insert({known->second, true, run});
  }

  bool HasDue(Timestamp now) const { return !queue_.empty() && queue_.begin()->time <= now; }

  // Takes the first that is due. REQUIRES: HasDue.
  Due Take() { return queue_.extract(queue_.begin()).value(); }

  bool operator==(const ExpiryQueue&) const = default;

  size_t MemoryBytes() const {
    return sizeof(*this) + queue_.size() * (sizeof(Due) + kTreeNodeBytes) +
           runs_.size() * (sizeof(std::pair<uint32_t, Timestamp>) + kTreeNodeBytes);
  }

 private:
  static constexpr size_t kTreeNodeBytes = 32;  // colour and three pointers

  std::set<Due> queue_;
  std::map<uint32_t, Timestamp> runs_;  // those that expire at all
};

}  // namespace engram
