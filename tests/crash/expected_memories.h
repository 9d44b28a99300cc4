// What one writer knows of its memories: what was acknowledged for good, and what may or may not have happened.
#pragma once

#include <atomic>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace engram {

// Absent, or present with this text.
using MemoryText = std::optional<std::string>;

// Confined to its writer, but for BeginTheEnd.
class ExpectedMemories {
 public:
  using Change = std::map<std::string, MemoryText>;

  // The change was acknowledged. Durable: it is so, and all before it, whatever was unknown of them. Otherwise the end
  // may take it, together with all that came after.
  void Acknowledge(const Change& change, bool durable);
  // Nobody answered: all of it happened, or nothing.
  void LeaveOpen(const Change& change);
  // What is acknowledged from now on may already be behind the end. Thread-safe.
  void BeginTheEnd() { ending_ = true; }

  // Compares with what is there and takes that as known from now on: all that is known, and of what is open, in its
  // order, any beginning. Says what contradicts that.
  std::vector<std::string> Settle(const std::map<std::string, MemoryText>& actual);

  std::set<std::string> ids() const;
  uint64_t acknowledged() const { return acknowledged_; }
  // Acknowledged, but not for good, and gone.
  uint64_t lost_tail() const { return lost_tail_; }

 private:
  struct Open {
    Change change;
    bool acknowledged = false;
  };

  std::map<std::string, MemoryText> known_;
  std::vector<Open> open_;
  std::atomic<bool> ending_{false};
  uint64_t acknowledged_ = 0;
  uint64_t lost_tail_ = 0;
};

}  // namespace engram
