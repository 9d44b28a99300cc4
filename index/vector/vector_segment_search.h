// The k nearest rows of one segment; private to index/vector and its benchmarks.
#pragma once

#include <algorithm>
#include <atomic>
#include <optional>

#include "index/pacer.h"
#include "index/slot_set.h"
#include "index/vector/top_hits.h"
#include "index/vector/vector_segment_rep.h"

namespace engram {

// How a search goes about it.
enum class VectorPlan : uint8_t {
  kGather,       // scores every allowed row
  kWalk,         // walks the graph as it is, keeping the rows that pass
  kWalkPassing,  // walks over the rows that pass, crossing others
};

// Who of a segment had died when a view was taken. Without deaths nobody had.
struct RowDeaths {
  const std::atomic<uint32_t>* deaths = nullptr;  // by row
  uint32_t limit = 0;                             // deaths up to this number count

  bool any() const { return deaths != nullptr && limit > 0; }
  bool Alive(uint32_t row) const { return !any() || deaths[row].load(std::memory_order_relaxed) > limit; }
};

struct SegmentSearchOptions {
  bool exact = false;                   // scores every allowed row in fp32
  uint32_t ef = 0;                      // how many candidates a walk keeps (more under a filter), k at the least; 0
                                        // stands for what sealing found
  std::optional<VectorPlan> plan = {};  // instead of the planner's choice. A walk may still end in a gather
  Pacer* pacer = nullptr;               // counts the floats of rows that are scanned; none: never gives up
};

// Candidates that are scored in fp32 for the k that are wanted.
inline size_t RescoredCount(size_t k) { return k + std::max<size_t>(20, k / 2); }
// The same of a search that keeps `ef` candidates, 0 standing for no such wish.
inline size_t RescoredCount(size_t k, size_t ef) {
  return ef == 0 ? RescoredCount(k) : std::clamp(ef, k, RescoredCount(k));
}

// The planner's choice for `matches` of the segment's rows, where they are as many around a query as elsewhere. `ef` is
// what a search without a filter would keep.
VectorPlan ChoosePlan(const VectorSegment::Rep& segment, size_t matches, size_t ef);

// Offers the k best rows that are allowed and alive, with scores that are VectorSpace::Similarity's. All k where
// as many match, whatever the plan.
// REQUIRES: `query` is prepared.
void SearchSegment(const VectorSegment::Rep& segment, const float* query, const SlotSet& allowed,
                   const RowDeaths& deaths, size_t k, const SegmentSearchOptions& options, TopHits& top);

}  // namespace engram
