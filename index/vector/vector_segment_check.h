// Whether a sealed part of a vector space is right in itself, and whether it holds a given vector: for whoever checks a
// store.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "index/vector/vector_segment.h"

namespace engram {

struct GraphFault {
  enum class Kind { kBadLink, kUnreachable };
  Kind kind = Kind::kBadLink;
  std::string what;
};

// Level 0 and the levels above: no row or node is linked to itself or twice to another, and every row is reached on
// level 0 from where a search enters (Malkov and Yashunin's graph promises no such thing; sealing makes it so). Nothing
// for a segment without a graph. Never more than 100. Takes a bit for each row.
std::vector<GraphFault> CheckGraph(const VectorSegment& segment);

// How the segment's vector of a slot differs from `vector`, as given; nothing when it doesn't, beyond what other
// kernels round otherwise. REQUIRES: CheckVector(vector) is OK.
std::optional<std::string> DifferenceFrom(const VectorSegment& segment, Slot slot, std::span<const float> vector);

// Of up to `sample` rows among `live`, spread over the segment, how many are among the 10 nearest to themselves.
// Corruption when bytes are not what was written.
struct SelfFound {
  size_t asked = 0;
  size_t found = 0;
};
Result<SelfFound> FindThemselves(const std::shared_ptr<const VectorSegment>& segment, const SlotSet& live,
                                 size_t sample);

// Every byte that was not checked yet.
Status CheckBytes(const VectorSegment& segment);

}  // namespace engram
