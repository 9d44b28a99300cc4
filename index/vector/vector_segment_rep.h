// What a VectorSegment holds; private to index/vector and its benchmarks.
//
// Sections of the file (docs/formats.md, "Segment files", has the container):
//   space    metric:u8 dimensions:u32 rows:u32 scale:f64 length_unit:f64 flags:u8 recall:f64 ef:u32
//            (flags: 1 codes suffice, 2 graph; a u8 of levels and the entry node:u32 follow where there is a graph)
//   centre   f32 by dimension, l2 only
//   slots    u32 by row, ascending
//   codes    int8, dimensions rounded up to 64, by row
//   lengths  f32 by row, dot and l2 only
//   vectors  f32, dimensions rounded up to 16, by row: prepared as the metric wants them
//   links    u32, 32 by row, filled up with 2^32-1
//   down<n> rows<n> links<n>  of each level n >= 1
#pragma once

#include <atomic>
#include <optional>

#include "base/mutex.h"
#include "index/slot_set.h"
#include "index/vector/graph.h"
#include "index/vector/quantizer.h"
#include "index/vector/vector_segment.h"
#include "index/vector/vector_space.h"

namespace engram {

class VectorSegment::Rep {
 public:
  Rep(const VectorSpace& vector_space, Quantizer trained) : space(vector_space), quantizer(std::move(trained)) {}

  static Result<std::unique_ptr<const Rep>> Load(std::shared_ptr<const SegmentFile> file, const VectorSpace& space);

  size_t rows() const { return slots.size(); }
  // Whether slots follow each other without gaps, so that row and slot differ by a constant.
  bool dense() const { return slots.back() - slots.front() + 1 == slots.size(); }
  bool has_graph() const { return graph.has_value(); }
  std::optional<uint32_t> Find(Slot slot) const;
  // The fp32 row, checked; null when it is damaged, which Damage() tells from then on.
  const float* Row(uint32_t row) const;
  // How many of the slots are in `set`.
  size_t CountCommon(const SlotSet& set) const;
  Status Damage() const;
  size_t AnonymousBytes() const;

  const VectorSpace space;
  const Quantizer quantizer;
  VectorSegmentReport report;
  std::shared_ptr<const SegmentFile> file;
  std::span<const uint32_t> slots;
  const int8_t* codes = nullptr;
  const float* lengths = nullptr;  // null under cosine
  std::optional<Graph> graph;
  const SegmentSection* vectors = nullptr;
  const float* floats = nullptr;  // what `vectors` maps; wholly checked when codes don't suffice
  SlotSet slot_set;               // empty when dense
  std::vector<HugeMemory> memory;

 private:
  template <class T>
  Result<std::span<const T>> LoadArray(std::string_view section, size_t count);
  Status LoadGraph(size_t levels, uint32_t entry);

  mutable Mutex mutex_;
  mutable Status damage_ GUARDED_BY(mutex_);
};

std::string VectorFingerprint(const VectorSpace& space);

}  // namespace engram
