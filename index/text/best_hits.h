// The k best hits so far, offered in any order. Confined to one thread.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "index/scored_slot.h"

namespace engram {

class BestHits {
 public:
  // REQUIRES: k > 0.
  explicit BestHits(size_t k) : k_(k) {}

  size_t k() const { return k_; }
  // No hit with a lower score gets in; one with exactly this score may, by its slot.
  double floor() const { return floor_; }
  // In no order.
  const std::vector<ScoredSlot>& hits() const { return hits_; }
  // Promises that there are k hits of at least this score, found already or still to be offered.
  void RaiseFloor(double score) { floor_ = std::max(floor_, score); }

  bool Wants(Slot slot, double score) const {
    if (score < floor_) return false;
    return hits_.size() < k_ || BetterHit({slot, score}, hits_.front());
  }

  // REQUIRES: Wants(slot, score); the slot was not added before.
  void Add(Slot slot, double score) {
    if (hits_.size() == k_) {
      std::pop_heap(hits_.begin(), hits_.end(), BetterHit);
      hits_.pop_back();
    }
    hits_.push_back({slot, score});
    std::push_heap(hits_.begin(), hits_.end(), BetterHit);
    if (hits_.size() == k_) RaiseFloor(hits_.front().score);
  }

  std::vector<ScoredSlot> Sorted() && {
    std::sort(hits_.begin(), hits_.end(), BetterHit);
    return std::move(hits_);
  }

 private:
  size_t k_;
  double floor_ = 0;
  std::vector<ScoredSlot> hits_;  // the worst in front
};

}  // namespace engram
