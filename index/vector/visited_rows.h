// Which rows a walk has seen; private to index/vector.
#pragma once

#include <cstdint>

#include "index/huge_memory.h"

namespace engram {

// A tag by row: a row is marked when it holds the tag of the walk, so that a new walk begins without clearing.
// Each thread has one set of tags for all segments, as large as the largest it has walked.
// Confined to its thread; one walk at a time.
class VisitedRows {
 public:
  // Of the calling thread, with no row below `rows` marked.
  static VisitedRows& Begin(size_t rows);

  // Whether the row was not marked before.
  bool Mark(uint32_t row) {
    if (tags()[row] == tag_) return false;
    tags()[row] = tag_;
    return true;
  }
  void Prefetch(uint32_t row) const { __builtin_prefetch(reinterpret_cast<const uint16_t*>(memory_.data()) + row); }

 private:
  uint16_t* tags() { return reinterpret_cast<uint16_t*>(memory_.data()); }

  HugeMemory memory_;
  uint16_t tag_ = 0;
};

}  // namespace engram
