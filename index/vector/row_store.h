// Rows of floats with their slots, in chunks that double and never move; all but the first few with room for codes
// beside them. Private to index/vector.
//
// Threads: as AppendOnlyArray. One writer appends and kills under the owner's lock; whoever copied size()
// under that lock may afterwards read all rows below it without one. A death is an atomic number, so a
// reader may look at it while the writer sets it.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/ids.h"
#include "index/vector/row_codes.h"

namespace engram {

class RowStore {
 public:
  // Deaths are numbered from 1 in the order they happen; a living row's is above every number.
  static constexpr uint32_t kAlive = UINT32_MAX;

  explicit RowStore(uint32_t dimensions);
  RowStore(const RowStore&) = delete;
  RowStore& operator=(const RowStore&) = delete;

  // Floats from one row to the next: the dimensions rounded up to 64 bytes, the rest zero, so that every
  // row starts a cache line and kernels need no tail.
  size_t stride() const { return stride_; }
  size_t code_bytes() const { return code_bytes_; }
  size_t size() const { return size_; }

  // A zeroed row of `stride()` floats to be filled before anybody else learns of it.
  // REQUIRES: `slot` is above the last row's.
  float* Append(Slot slot);
  void Kill(size_t row, uint32_t death) { DeathCell(row).store(death, std::memory_order_relaxed); }

  const float* Row(size_t row) const;
  // CodeBytes(dimensions) codes and what goes with them, to be filled as the row is; null where a scan is short anyway.
  struct Coded {
    int8_t* codes = nullptr;
    CodedRow* row = nullptr;
  };
  Coded CodesOf(size_t row) const;
  uint32_t SlotAt(size_t row) const;
  uint32_t Death(size_t row) const { return DeathCell(row).load(std::memory_order_relaxed); }

  // The row of `slot` among the first `rows`.
  std::optional<size_t> Find(Slot slot, size_t rows) const;

  // Rows that lie one behind the other, each thing of theirs in an array of its own.
  struct Stretch {
    size_t rows = 0;
    const uint32_t* slots = nullptr;
    const float* floats = nullptr;    // stride() each
    const int8_t* codes = nullptr;    // code_bytes() each; null as in CodesOf
    const CodedRow* coded = nullptr;  // null where `codes` is
    const std::atomic<uint32_t>* deaths = nullptr;
  };
  // Calls `visit(const Stretch&)` for [0, rows), in order, until it returns false.
  template <class Visit>
  void ForEachStretch(size_t rows, Visit visit) const {
    for (size_t index = 0, done = 0; done < rows; ++index) {
      const Chunk& chunk = chunks_[index];
      const size_t n = std::min(rows - done, ChunkRows(index));
      const Stretch stretch{
          n, chunk.slots.get(), chunk.floats.get(), chunk.codes.get(), chunk.coded.get(), chunk.deaths.get()};
      if (!visit(stretch)) return;
      done += n;
    }
  }

  size_t MemoryBytes() const;

 private:
  struct FreeAligned {
    void operator()(void* memory) const;
  };
  struct Chunk {
    std::unique_ptr<float[], FreeAligned> floats;
    std::unique_ptr<int8_t[], FreeAligned> codes;
    std::unique_ptr<CodedRow[]> coded;
    std::unique_ptr<uint32_t[]> slots;
    std::unique_ptr<std::atomic<uint32_t>[]> deaths;
  };
  struct Place {
    size_t chunk;
    size_t offset;
  };
  // Four rows first: a namespace of a few memories stays small.
  static constexpr size_t kFirstBits = 2;
  static constexpr size_t kChunksMax = 32 - kFirstBits;
  // 124 rows come before.
  static constexpr size_t kCodedFrom = 5;
  static size_t ChunkRows(size_t chunk) { return size_t{1} << (chunk + kFirstBits); }
  static Place Locate(size_t row);
  std::atomic<uint32_t>& DeathCell(size_t row) const;
  Chunk NewChunk(size_t index) const;

  size_t stride_;
  size_t code_bytes_;
  size_t size_ = 0;
  std::array<Chunk, kChunksMax> chunks_;
};

}  // namespace engram
