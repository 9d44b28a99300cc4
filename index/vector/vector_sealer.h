// Writes rows as the file of a VectorSegment; private to index/vector and its benchmarks.
#pragma once

#include <string>
#include <vector>

#include "index/vector/vector_segment.h"
#include "index/vector/vector_space.h"

namespace engram {

struct PreparedRow {
  Slot slot;
  const float* values;
};

// Quantises, checks what codes lose on a sample, builds the graph when it is asked for, checks what that loses,
// and writes. Needs memory for the codes, and while a graph is built for about as much again.
// REQUIRES: at least one row; slots ascend.
Result<VectorSegmentReport> SealRows(FileSystem& files, const std::string& path, const VectorSpace& space,
                                     const std::vector<PreparedRow>& rows, const SealOptions& options);

}  // namespace engram
