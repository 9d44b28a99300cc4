// The words of a part: numbered in order of arrival, found by hash, walked in order of their bytes.
// Confined to the owner's lock: one writer, or any number of readers.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "index/text/arena.h"

namespace engram {

class Dictionary {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  explicit Dictionary(Arena* arena) : arena_(arena) {}
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;

  // The number of the word, new or old. One text with two values is two words.
  uint32_t FindOrAdd(std::string_view text, uint32_t value = 0);
  // kNone when absent.
  uint32_t Find(std::string_view text, uint32_t value = 0) const;

  uint32_t size() const { return static_cast<uint32_t>(entries_.size()); }
  std::string_view text(uint32_t id) const { return {entries_[id].data, entries_[id].size}; }
  uint32_t value(uint32_t id) const { return entries_[id].value; }

  // How many live texts hold the word. A word none holds is kept but not walked over.
  uint32_t live(uint32_t id) const { return entries_[id].live; }
  void AddLive(uint32_t id) { ++entries_[id].live; }
  void RemoveLive(uint32_t id) { --entries_[id].live; }

  // Calls `visit(id)` for the live words that begin with `prefix`, in order, until it returns false.
  void EachWithPrefix(std::string_view prefix, const std::function<bool(uint32_t)>& visit) const;

  // Calls `visit(id, distance)` for the live words within `distance_max` edits of `word`, in no order.
  void EachWithin(std::string_view word, uint32_t distance_max,
                  const std::function<void(uint32_t, uint32_t)>& visit) const;

  // All words, live or not, by their bytes and then their numbers. Needs no lock once no word comes any more.
  std::vector<uint32_t> InOrder() const;

  size_t MemoryBytes() const;  // without the arena's

 private:
  struct Entry {
    const char* data;
    uint32_t size;
    uint32_t hash;
    uint32_t value;
    uint32_t live;
  };

  static uint32_t Hash(std::string_view text, uint32_t value);
  size_t Bucket(std::string_view text, uint32_t value, uint32_t hash) const;
  bool Before(uint32_t a, uint32_t b) const;
  void Grow();
  void SortIn();

  Arena* arena_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> buckets_;  // open addressing: a word's number, or kNone
  std::vector<uint32_t> sorted_;
  std::vector<uint32_t> recent_;  // not yet in sorted_
};

}  // namespace engram
