// What a VectorIndex holds and its views share; private to index/vector.
#pragma once

#include <span>
#include <vector>

#include "index/vector/row_store.h"
#include "index/vector/vector_index.h"
#include "index/vector/vector_space.h"

namespace engram {

// Rows of one vector space, prepared.
// Threads: as RowStore; `deaths` and `live` belong to the owner's lock.
class VectorIndex::Part {
 public:
  Part(uint32_t dimensions, Metric metric) : space_(dimensions, metric), rows_(dimensions) {}

  void Add(Slot slot, std::span<const float> vector);
  // A copy of a row that another part of the same space already prepared.
  void AddPrepared(Slot slot, const float* row);

  const VectorSpace& space() const { return space_; }
  RowStore& rows() { return rows_; }
  const RowStore& rows() const { return rows_; }

  uint32_t deaths = 0;  // rows killed so far; the number of the last death
  size_t live = 0;

 private:
  VectorSpace space_;
  RowStore rows_;
};

// A moment of a part: its first `rows` rows less the ones that had died by death number `deaths`.
class VectorView::Rep {
 public:
  Rep(std::shared_ptr<const VectorIndex::Part> part, size_t rows, uint32_t deaths)
      : part_(std::move(part)), rows_(rows), deaths_(deaths) {}

  const VectorIndex::Part& part() const { return *part_; }
  size_t rows() const { return rows_; }
  bool Alive(size_t row) const { return part_->rows().Death(row) > deaths_; }
  // The prepared vector of a slot that is alive here, or null.
  const float* Find(Slot slot) const;

 private:
  std::shared_ptr<const VectorIndex::Part> part_;
  size_t rows_;
  uint32_t deaths_;
};

}  // namespace engram
