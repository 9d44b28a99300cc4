// The best rows a search has met so far, as a sorted array; private to index/vector.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace engram {

// At most `capacity` rows, best first; equal scores in the order they came. A short sorted array moves fewer
// bytes than a heap and knows its best unexpanded row at once. Confined to one search.
class CandidatePool {
 public:
  // REQUIRES: capacity > 0.
  explicit CandidatePool(size_t capacity) : capacity_(capacity) { entries_.reserve(capacity + 1); }

  size_t size() const { return entries_.size(); }
  bool full() const { return entries_.size() == capacity_; }
  uint32_t RowAt(size_t i) const { return entries_[i].row & ~kExpanded; }
  float ScoreAt(size_t i) const { return entries_[i].score; }
  // What a score has to beat.
  float Threshold() const { return full() ? entries_.back().score : -std::numeric_limits<float>::infinity(); }

  // Keeps the row if it is among the best; false if not.
  bool Offer(float score, uint32_t row) {
    if (full()) {
      if (!(score > entries_.back().score)) return false;
      entries_.pop_back();
    }
    const auto place =
        std::upper_bound(entries_.begin(), entries_.end(), score, [](float s, const Entry& e) { return s > e.score; });
    next_ = std::min(next_, static_cast<size_t>(place - entries_.begin()));
    entries_.insert(place, {score, row});
    return true;
  }

  // The best row not taken before; false when there is none.
  bool TakeNext(uint32_t* row) {
    while (next_ < entries_.size() && (entries_[next_].row & kExpanded) != 0) ++next_;
    if (next_ == entries_.size()) return false;
    *row = entries_[next_].row;
    entries_[next_].row |= kExpanded;
    ++next_;
    return true;
  }
  // The row that TakeNext would give now, or kNone.
  uint32_t PeekNext() const {
    for (size_t i = next_; i < entries_.size(); ++i) {
      if ((entries_[i].row & kExpanded) == 0) return entries_[i].row;
    }
    return kNone;
  }
  static constexpr uint32_t kNone = UINT32_MAX;

 private:
  static constexpr uint32_t kExpanded = uint32_t{1} << 31;
  struct Entry {
    float score;
    uint32_t row;
  };
  size_t capacity_;
  size_t next_ = 0;  // no row before it is unexpanded
  std::vector<Entry> entries_;
};

}  // namespace engram
