#include "tests/crash/expected_memories.h"

#include <fmt/format.h>

namespace engram {
namespace {

std::string Show(const MemoryText& text) { return text ? '"' + *text + '"' : "absent"; }

}  // namespace

void ExpectedMemories::Acknowledge(const Change& change) {
  for (const auto& [id, text] : change) known_.insert_or_assign(id, text);
  ++acknowledged_;
}

void ExpectedMemories::LeaveOpen(const Change& change) { open_.push_back(change); }

MemoryText ExpectedMemories::Known(const std::string& id) const {
  const auto it = known_.find(id);
  return it == known_.end() ? std::nullopt : it->second;
}

std::set<std::string> ExpectedMemories::ids() const {
  std::set<std::string> ids;
  for (const auto& [id, text] : known_) ids.insert(id);
  for (const Change& change : open_) {
    for (const auto& [id, text] : change) ids.insert(id);
  }
  return ids;
}

std::vector<std::string> ExpectedMemories::Settle(const std::map<std::string, MemoryText>& actual) {
  std::vector<std::string> problems;
  for (const Change& change : open_) {
    bool all = true;
    bool none = true;
    for (const auto& [id, text] : change) {
      all &= actual.at(id) == text;
      none &= actual.at(id) == Known(id);
    }
    if (!all && !none) problems.push_back(fmt::format("a batch of {} changes happened in part", change.size()));
    if (!all) continue;
    for (const auto& [id, text] : change) known_.insert_or_assign(id, text);
  }
  open_.clear();
  for (const auto& [id, text] : known_) {
    if (actual.at(id) == text) continue;
    problems.push_back(fmt::format("{} was acknowledged as {} and is {}", id, Show(text), Show(actual.at(id))));
    known_.insert_or_assign(id, actual.at(id));
  }
  return problems;
}

}  // namespace engram
