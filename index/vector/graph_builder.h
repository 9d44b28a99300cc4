// Builds a graph over rows; private to index/vector and its benchmarks.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "index/vector/graph.h"
#include "index/vector/graph_copy.h"
#include "index/vector/quantizer.h"
#include "index/vector/vector_space.h"

namespace engram {

// What the graph is built by. Codes take a third of the time and lose next to nothing, but see
// VectorSegmentReport::codes_suffice.
struct CodedRows {
  const Quantizer* quantizer;
  const int8_t* codes;   // quantizer->code_bytes() by row
  const float* lengths;  // by row, null when the quantizer has none
};
struct FloatRows {
  const VectorSpace* space;
  std::span<const float* const> rows;  // prepared
};

struct GraphOptions {
  size_t threads = 1;
  size_t ef_construction = 128;
  // Called now and then, by one thread at a time, with the share that is done; false stops the build.
  std::function<bool(double share)> progress;
  uint64_t seed = 0;  // of the levels that are drawn
};

// hnswlib's construction, and a way to every row from the entry on level 0. The same levels in every build; the same
// links when one thread builds. Nothing when `progress` stopped it. Takes the rows' bytes again and 350 bytes for
// each while it runs. REQUIRES: 1 <= rows < 2^31.
std::optional<BuiltGraph> BuildGraph(const CodedRows& coded, size_t rows, const GraphOptions& options);
std::optional<BuiltGraph> BuildGraph(const FloatRows& floats, const GraphOptions& options);

// The same, with the rows that `base` has a graph of taken over from there (see GraphCopy) with their levels, and only
// the others inserted. REQUIRES: the base's graph is sound, one of its rows lives.
std::optional<BuiltGraph> ExtendGraph(const GraphBase& base, const CodedRows& coded, size_t rows,
                                      const GraphOptions& options);
std::optional<BuiltGraph> ExtendGraph(const GraphBase& base, const FloatRows& floats, const GraphOptions& options);

}  // namespace engram
