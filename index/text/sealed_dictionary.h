// Words as bytes: sorted, numbered from 0 in their order, front-coded in blocks of 16.
//
//   words := block[ceil(count / 16)]          each at its offset
//   block := size:varint bytes (shared:varint rest:varint bytes)[up to 15]     shared with the word before
//
// On-disk: docs/formats.md, "Text segment". A word may occur more than once in a row.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace engram {

constexpr uint32_t kDictionaryBlockWords = 16;

// Confined to one thread.
class SealedDictionaryWriter {
 public:
  // REQUIRES: not before the last one in the order of bytes.
  void Add(std::string_view word);
  uint32_t size() const { return size_; }
  const std::string& words() const { return words_; }
  const std::vector<uint32_t>& offsets() const { return offsets_; }

 private:
  std::string words_;
  std::vector<uint32_t> offsets_;
  std::string last_;
  uint32_t size_ = 0;
};

// A view of such words. Immutable and thread-safe.
class SealedDictionary {
 public:
  static constexpr uint32_t kNone = UINT32_MAX;

  // Reads all of it once; afterwards nothing can fail. Corruption when it isn't `count` words in order.
  static Result<SealedDictionary> Open(std::string_view words, std::span<const uint32_t> offsets, uint32_t count);

  uint32_t size() const { return count_; }
  // The number of the first such word, or kNone.
  uint32_t Find(std::string_view word) const;
  std::string text(uint32_t id) const;

  // Calls `visit(id, word)` for the words that begin with `prefix`, in order, until it returns false.
  void EachWithPrefix(std::string_view prefix,
                      const std::function<bool(uint32_t id, std::string_view word)>& visit) const;
  // Calls `visit(id, word, distance)` for the words within `distance_max` edits of `pattern`, in order.
  void EachWithin(std::string_view pattern, uint32_t distance_max,
                  const std::function<void(uint32_t id, std::string_view word, uint32_t distance)>& visit) const;

  // Walks the words in order. The view of a word lasts until the next call.
  class Walk {
   public:
    // Begins at block `block`.
    explicit Walk(const SealedDictionary* dictionary, uint32_t block = 0);
    bool done() const { return id_ >= dictionary_->count_; }
    uint32_t id() const { return id_; }
    std::string_view word() const { return word_; }
    void Next();
    // To the first word at or behind `wanted`. Never moves back.
    void Seek(std::string_view wanted);

   private:
    void Read();

    const SealedDictionary* dictionary_;
    uint32_t id_;
    const char* at_ = nullptr;
    std::string word_;
  };

  // Of what is kept beside the bytes.
  size_t MemoryBytes() const { return first_bytes_.capacity() * sizeof(uint64_t); }

 private:
  std::string_view BlockFirst(uint32_t block) const;
  // The last block whose first word is before `wanted`, or 0.
  uint32_t BlockBefore(std::string_view wanted) const;

  std::string_view words_;
  std::span<const uint32_t> offsets_;
  uint32_t count_ = 0;
  std::vector<uint64_t> first_bytes_;  // of each block's first word, in the order of bytes
};

}  // namespace engram
