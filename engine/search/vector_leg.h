// Nearest neighbours in one vector space (index/vector/vector_index.h).
#pragma once

#include <utility>
#include <vector>

#include "engine/search/leg.h"
#include "index/vector/vector_index.h"

namespace engram::search {

// Scores are similarities: cosine and dot as they are, l2 as the negative distance. Kept within +-1e300, so
// that vectors whose product leaves the range of a float still make finite sums.
class VectorLeg final : public Leg {
 public:
  // REQUIRES: the query fits the space; it outlives the leg.
  VectorLeg(VectorView view, const std::vector<float>& query, VectorSearchOptions options)
      : view_(std::move(view)), query_(query), options_(std::move(options)) {}
  std::vector<ScoredSlot> Top(const SlotSet& allowed, size_t k) const override;
  Scores Score(const std::vector<Slot>& slots) const override;

 private:
  VectorView view_;
  const std::vector<float>& query_;
  const VectorSearchOptions options_;
};

}  // namespace engram::search
