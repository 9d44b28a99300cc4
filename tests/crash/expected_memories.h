// What one writer knows of its memories: what was acknowledged, and what may or may not have happened.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace engram {

// Absent, or present with this text.
using MemoryText = std::optional<std::string>;

// Confined to its writer.
class ExpectedMemories {
 public:
  using Change = std::map<std::string, MemoryText>;

  // The change was acknowledged: it is so, whatever was unknown of these ids before.
  void Acknowledge(const Change& change);
  // Nobody answered: all of it happened, or nothing.
  void LeaveOpen(const Change& change);

  // Compares with what is there and takes that as known from now on. Says what contradicts an acknowledgement, or a
  // batch that happened in part.
  std::vector<std::string> Settle(const std::map<std::string, MemoryText>& actual);

  std::set<std::string> ids() const;
  uint64_t acknowledged() const { return acknowledged_; }

 private:
  MemoryText Known(const std::string& id) const;

  std::map<std::string, MemoryText> known_;
  std::vector<Change> open_;  // at most one, as a writer stops at the first failure
  uint64_t acknowledged_ = 0;
};

}  // namespace engram
