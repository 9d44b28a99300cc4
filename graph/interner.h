// Gives equal values one small number, for as long as somebody holds it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/check.h"

namespace engram {

// Confined to one writer; reading from many threads is safe while nobody writes. Numbers of values that nobody holds
// are given out again.
template <class T>
class Interner {
 public:
  Interner() = default;
  Interner(const Interner&) = delete;
  Interner& operator=(const Interner&) = delete;

  // Holds `value` once more.
  uint32_t Acquire(const T& value) {
    const auto [entry, added] = numbers_.try_emplace(value, Held{NextNumber(), 0});
    ++entry->second.holders;
    if (added) Place(entry);
    return entry->second.number;
  }

  // REQUIRES: `number` is held.
  void Release(uint32_t number) {
    ENGRAM_CHECK(number < entries_.size() && entries_[number] != numbers_.end());
    const auto entry = entries_[number];
    if (--entry->second.holders > 0) return;
    entries_[number] = numbers_.end();
    free_.push_back(number);
    numbers_.erase(entry);
  }

  // Stays where it is while held.
  const T& At(uint32_t number) const { return entries_[number]->first; }

  template <class Key>
  std::optional<uint32_t> Find(const Key& value) const {
    const auto entry = numbers_.find(value);
    if (entry == numbers_.end()) return std::nullopt;
    return entry->second.number;
  }

  size_t size() const { return numbers_.size(); }

 private:
  struct Held {
    uint32_t number;
    size_t holders;
  };
  using Map = std::map<T, Held, std::less<>>;

  uint32_t NextNumber() const { return free_.empty() ? static_cast<uint32_t>(entries_.size()) : free_.back(); }

  void Place(typename Map::iterator entry) {
    if (free_.empty()) {
      entries_.push_back(entry);
      return;
    }
    free_.pop_back();
    entries_[entry->second.number] = entry;
  }

  Map numbers_;
  std::vector<typename Map::iterator> entries_;  // by number; end() when free
  std::vector<uint32_t> free_;
};

}  // namespace engram
