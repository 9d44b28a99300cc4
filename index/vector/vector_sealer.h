// Writes rows as the file of a VectorSegment; private to index/vector and its benchmarks.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "index/vector/vector_segment.h"
#include "index/vector/vector_space.h"

namespace engram {

struct PreparedRow {
  Slot slot;
  const float* values;
};

// A segment with a graph, and which of the rows to be sealed are what lives of it: those in [begin, end).
struct GraphedRows {
  const VectorSegment* segment;
  size_t begin;
  size_t end;
};

// The segment whose graph is worth being copied into one of `rows` rows, into which only the others are then inserted:
// that with the most living rows, among those that aren't dead for a fifth or more, haven't been mended for a quarter
// of their rows in merges before, and aren't next to nothing of the whole.
std::optional<GraphedRows> PickGraphToCopy(std::span<const GraphedRows> graphed, size_t rows);

// Quantises, checks what codes lose on a sample, builds the graph when it is asked for, on a copy where one is worth
// it, checks what that loses, builds it from nothing if the copy turned out poor, and writes. Needs memory for the
// codes, and while a graph is built for as much again and 350 bytes a row. REQUIRES: at least one row; slots ascend.
Result<VectorSegmentReport> SealRows(FileSystem& files, const std::string& path, const VectorSpace& space,
                                     const std::vector<PreparedRow>& rows, const SealOptions& options,
                                     std::span<const GraphedRows> graphed = {});

}  // namespace engram
