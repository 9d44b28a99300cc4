#include "index/vector/row_store.h"

#include <algorithm>
#include <bit>
#include <new>

#include "base/check.h"

namespace engram {
namespace {

constexpr std::align_val_t kCacheLine{64};
constexpr size_t kFloatsPerLine = 64 / sizeof(float);

}  // namespace

void RowStore::FreeAligned::operator()(void* memory) const { ::operator delete[](memory, kCacheLine); }

RowStore::RowStore(uint32_t dimensions)
    : stride_((dimensions + kFloatsPerLine - 1) / kFloatsPerLine * kFloatsPerLine),
      code_bytes_(CodeBytes(dimensions)) {}

RowStore::Place RowStore::Locate(size_t row) {
  const size_t shifted = row + (size_t{1} << kFirstBits);
  const auto top = static_cast<size_t>(std::bit_width(shifted)) - 1;
  return {top - kFirstBits, shifted - (size_t{1} << top)};
}

// Floats and codes are left as they come: pages that no row has reached cost nothing.
RowStore::Chunk RowStore::NewChunk(size_t index) const {
  const size_t rows = ChunkRows(index);
  Chunk chunk;
  chunk.floats.reset(static_cast<float*>(::operator new[](rows* stride_ * sizeof(float), kCacheLine)));
  if (index >= kCodedFrom) {
    chunk.codes.reset(static_cast<int8_t*>(::operator new[](rows* code_bytes_, kCacheLine)));
    chunk.coded = std::make_unique<CodedRow[]>(rows);
  }
  chunk.slots = std::make_unique<uint32_t[]>(rows);
  chunk.deaths = std::make_unique<std::atomic<uint32_t>[]>(rows);
  return chunk;
}

float* RowStore::Append(Slot slot) {
  ENGRAM_CHECK(size_ == 0 || SlotAt(size_ - 1) < slot.value);
  const auto [index, offset] = Locate(size_);
  ENGRAM_CHECK(index < kChunksMax);
  Chunk& chunk = chunks_[index];
  if (!chunk.floats) chunk = NewChunk(index);
  chunk.slots[offset] = slot.value;
  chunk.deaths[offset].store(kAlive, std::memory_order_relaxed);
  float* row = chunk.floats.get() + offset * stride_;
  std::fill_n(row, stride_, 0.0F);
  ++size_;
  return row;
}

const float* RowStore::Row(size_t row) const {
  const auto [chunk, offset] = Locate(row);
  return chunks_[chunk].floats.get() + offset * stride_;
}

RowStore::Coded RowStore::CodesOf(size_t row) const {
  const auto [index, offset] = Locate(row);
  const Chunk& chunk = chunks_[index];
  if (!chunk.codes) return {};
  return {chunk.codes.get() + offset * code_bytes_, &chunk.coded[offset]};
}

uint32_t RowStore::SlotAt(size_t row) const {
  const auto [chunk, offset] = Locate(row);
  return chunks_[chunk].slots[offset];
}

std::atomic<uint32_t>& RowStore::DeathCell(size_t row) const {
  const auto [chunk, offset] = Locate(row);
  return chunks_[chunk].deaths[offset];
}

std::optional<size_t> RowStore::Find(Slot slot, size_t rows) const {
  for (size_t chunk = 0, done = 0; done < rows; ++chunk) {
    const size_t n = std::min(rows - done, ChunkRows(chunk));
    const uint32_t* begin = chunks_[chunk].slots.get();
    if (slot.value <= begin[n - 1]) {
      const uint32_t* found = std::lower_bound(begin, begin + n, slot.value);
      if (*found != slot.value) return std::nullopt;
      return done + static_cast<size_t>(found - begin);
    }
    done += n;
  }
  return std::nullopt;
}

size_t RowStore::MemoryBytes() const {
  size_t bytes = sizeof(*this);
  for (size_t chunk = 0; chunk < kChunksMax && chunks_[chunk].floats; ++chunk) {
    size_t of_row = stride_ * sizeof(float) + sizeof(uint32_t) + sizeof(std::atomic<uint32_t>);
    if (chunks_[chunk].codes) of_row += code_bytes_ + sizeof(CodedRow);
    bytes += ChunkRows(chunk) * of_row;
  }
  return bytes;
}

}  // namespace engram
