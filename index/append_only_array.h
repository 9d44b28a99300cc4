// An array that grows without moving what it holds, so that readers need no lock for what they know of.
//
// One writer appends; the owner's lock (held by the writer, and briefly by a reader that copies
// `size()`) orders the two. After that a reader may read every index below the size it copied, with no
// lock, while the writer goes on: an element never moves and is never written again.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <memory>

#include "base/check.h"

namespace engram {

// Chunk i holds 2^(i + kFirstBits) elements: the waste is at most half, and 26 pointers reach 2^31.
template <class T, size_t kFirstBits = 4>
class AppendOnlyArray {
 public:
  AppendOnlyArray() = default;
  AppendOnlyArray(const AppendOnlyArray&) = delete;
  AppendOnlyArray& operator=(const AppendOnlyArray&) = delete;

  size_t size() const { return size_; }

  void Append(T value) {
    const auto [chunk, offset] = Locate(size_);
    ENGRAM_CHECK(chunk < kChunksMax);
    if (!chunks_[chunk]) chunks_[chunk] = std::make_unique<T[]>(size_t{1} << (chunk + kFirstBits));
    chunks_[chunk][offset] = std::move(value);
    ++size_;
  }

  const T& operator[](size_t i) const {
    const auto [chunk, offset] = Locate(i);
    return chunks_[chunk][offset];
  }

  // Calls `visit(const T* begin, const T* end)` for the contiguous pieces of [0, size).
  template <class Visit>
  void ForEachRun(size_t size, Visit visit) const {
    for (size_t chunk = 0, done = 0; done < size; ++chunk) {
      const size_t n = std::min(size - done, size_t{1} << (chunk + kFirstBits));
      visit(chunks_[chunk].get(), chunks_[chunk].get() + n);
      done += n;
    }
  }

  // Bytes of the chunks themselves, not of what the elements point at.
  size_t MemoryBytes() const {
    size_t bytes = 0;
    for (size_t chunk = 0; chunk < kChunksMax && chunks_[chunk]; ++chunk) bytes += sizeof(T) << (chunk + kFirstBits);
    return bytes;
  }

 private:
  static constexpr size_t kChunksMax = 32 - kFirstBits;

  struct Place {
    size_t chunk;
    size_t offset;
  };
  static Place Locate(size_t i) {
    const size_t shifted = i + (size_t{1} << kFirstBits);
    const auto top = static_cast<size_t>(std::bit_width(shifted)) - 1;
    return {top - kFirstBits, shifted - (size_t{1} << top)};
  }

  std::array<std::unique_ptr<T[]>, kChunksMax> chunks_;
  size_t size_ = 0;
};

}  // namespace engram
