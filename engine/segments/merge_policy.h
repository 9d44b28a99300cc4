// Which sealed parts of an index to merge: neighbours of about one size, so that each row is written again only
// when its segment has grown by a factor (size-tiered, as in O'Neil et al., "The Log-Structured Merge-Tree", 1996),
// and parts that are a good deal dead. Flat vectors that are worth a graph get it together with what stands beside
// them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace engram {

struct MergePolicy {
  size_t neighbours = 4;        // so many of one tier become one of the next, and the factor between tiers
  size_t rows_max = SIZE_MAX;   // a merge that would make one of more live rows waits for ever
  double dead_share_max = 0.2;  // more, and a part is written anew
  size_t graph_rows = 8'000;    // of vectors: so many get a graph, fewer are scanned by their codes
};

struct SealedSize {
  size_t rows = 0;  // dead ones included
  size_t live = 0;
  bool holds_erased = false;  // if anything is dead: then it is written anew whatever its size
  bool wants_graph = false;   // flat, and not because a graph of it was poor
};

struct MergeRange {
  size_t begin = 0;
  size_t end = 0;
  bool operator==(const MergeRange&) const = default;
};

// In slot order; nothing when all is well.
std::optional<MergeRange> PickMerge(const std::vector<SealedSize>& parts, const MergePolicy& policy);

}  // namespace engram
