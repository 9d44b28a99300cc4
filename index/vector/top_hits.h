// The best k of a stream of hits: a bounded heap with the worst on top; private to index/vector.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "index/scored_slot.h"

namespace engram {

// Confined to one search.
class TopHits {
 public:
  // REQUIRES: k > 0.
  explicit TopHits(size_t k) : k_(k) {}

  void Offer(ScoredSlot hit) {
    if (heap_.size() == k_) {
      if (!BetterHit(hit, heap_.front())) return;
      std::pop_heap(heap_.begin(), heap_.end(), BetterHit);
      heap_.back() = hit;
    } else {
      heap_.push_back(hit);
    }
    std::push_heap(heap_.begin(), heap_.end(), BetterHit);
  }

  // What scores below no longer get in.
  double Threshold() const {
    return heap_.size() == k_ ? heap_.front().score : -std::numeric_limits<double>::infinity();
  }

  // Best first.
  std::vector<ScoredSlot> Take() && {
    std::sort_heap(heap_.begin(), heap_.end(), BetterHit);
    return std::move(heap_);
  }

 private:
  size_t k_;
  std::vector<ScoredSlot> heap_;
};

}  // namespace engram
