#include "tests/crash/expected_memories.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace engram {
namespace {

using Memories = std::map<std::string, MemoryText>;

std::string Show(const MemoryText& text) { return text ? '"' + *text + '"' : "absent"; }

void Apply(const Memories& change, Memories* memories) {
  for (const auto& [id, text] : change) memories->insert_or_assign(id, text);
}

MemoryText Find(const Memories& memories, const std::string& id) {
  const auto it = memories.find(id);
  return it == memories.end() ? std::nullopt : it->second;
}

bool Agree(const Memories& expected, const Memories& actual) {
  return std::all_of(actual.begin(), actual.end(),
                     [&](const auto& entry) { return Find(expected, entry.first) == entry.second; });
}

}  // namespace

void ExpectedMemories::Acknowledge(const Change& change, bool durable) {
  ++acknowledged_;
  open_.push_back({change, true});
  if (!durable || ending_) return;
  for (const Open& open : open_) Apply(open.change, &known_);
  open_.clear();
}

void ExpectedMemories::LeaveOpen(const Change& change) { open_.push_back({change, false}); }

std::set<std::string> ExpectedMemories::ids() const {
  std::set<std::string> ids;
  for (const auto& [id, text] : known_) ids.insert(id);
  for (const Open& open : open_) {
    for (const auto& [id, text] : open.change) ids.insert(id);
  }
  return ids;
}

std::vector<std::string> ExpectedMemories::Settle(const std::map<std::string, MemoryText>& actual) {
  ending_ = false;
  const std::vector<Open> open = std::exchange(open_, {});
  // The longest beginning that explains what is there: changes without effect were not lost.
  std::optional<size_t> happened;
  Memories expected = known_;
  if (Agree(expected, actual)) happened = 0;
  for (size_t i = 0; i < open.size(); ++i) {
    Apply(open[i].change, &expected);
    if (Agree(expected, actual)) happened = i + 1;
  }
  if (happened) {
    for (size_t i = 0; i < *happened; ++i) Apply(open[i].change, &known_);
    for (size_t i = *happened; i < open.size(); ++i) lost_tail_ += open[i].acknowledged ? 1 : 0;
    return {};
  }
  std::vector<std::string> problems;
  problems.push_back(fmt::format("no beginning of {} open changes explains what is there", open.size()));
  for (const auto& [id, text] : actual) {
    const MemoryText known = Find(known_, id);
    if (known == text) continue;
    const bool is_open =
        std::any_of(open.begin(), open.end(), [&, &id = id](const Open& o) { return o.change.contains(id); });
    problems.push_back(fmt::format("{} was acknowledged as {} and is {}{}", id, Show(known), Show(text),
                                   is_open ? ", with later changes open" : ""));
    known_.insert_or_assign(id, text);
  }
  return problems;
}

}  // namespace engram
