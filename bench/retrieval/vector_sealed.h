// The engine under test: a sealed segment with a graph, searched without the rest of the database.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "bench/retrieval/vector_data.h"
#include "bench/retrieval/vector_folder.h"
#include "bench/retrieval/vector_peer.h"
#include "index/vector/vector_segment.h"
#include "index/vector/vector_segment_search.h"

namespace engram::bench {

constexpr size_t kNearest = 10;

// Confined to one thread.
class Sealed {
 public:
  // Seals the rows into the folder, unless an earlier run has. A failure ends the program.
  Sealed(const VectorSet& set, const VectorFolder& folder, const PeerBuild& build);

  const VectorSegment& segment() const { return *segment_; }
  const BuildCost& cost() const { return cost_; }

  // Among `allowed`, or all rows. By 0, ef is what sealing found.
  Rows Nearest(std::span<const float> query, const SlotSet* allowed, size_t ef,
               std::optional<VectorPlan> plan = {}) const;

 private:
  VectorSpace space_;
  BuildCost cost_;
  SlotSet all_;
  std::shared_ptr<const VectorSegment> segment_;
};

// Seconds of all threads on the processor and on the clock that `work` takes.
BuildCost Timed(size_t threads, const std::function<void()>& work);

}  // namespace engram::bench
