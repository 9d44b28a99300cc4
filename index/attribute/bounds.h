// An answer known up to what hashes hide: every certain match is in it, and every match is possible.
// Private to index/attribute.
#pragma once

#include <optional>
#include <utility>

#include "index/slot_set.h"

namespace engram {

class Bounds {
 public:
  // Exact.
  explicit Bounds(SlotSet matches = {}) : possible_(std::move(matches)) {}
  // `unsure` may or may not match.
  Bounds(SlotSet certain, const SlotSet& unsure) : possible_(std::move(certain)) {
    if (unsure.isSubset(possible_)) return;
    certain_ = possible_;
    possible_ |= unsure;
  }

  const SlotSet& certain() const { return certain_ ? *certain_ : possible_; }
  const SlotSet& possible() const { return possible_; }
  bool exact() const { return !certain_ || certain_->cardinality() == possible_.cardinality(); }
  SlotSet TakePossible() && { return std::move(possible_); }

  void And(const Bounds& other) {
    if (certain_ || other.certain_) certain_ = certain() & other.certain();
    possible_ &= other.possible_;
  }
  void Or(const Bounds& other) {
    if (certain_ || other.certain_) certain_ = certain() | other.certain();
    possible_ |= other.possible_;
  }
  void Remove(const SlotSet& slots) {
    if (certain_) *certain_ -= slots;
    possible_ -= slots;
  }
  // What surely matches `other` can't stay, what possibly does can't be certain.
  void AndNot(const Bounds& other) {
    if (certain_ || other.certain_) certain_ = certain() - other.possible_;
    possible_ -= other.certain();
  }

 private:
  SlotSet possible_;
  std::optional<SlotSet> certain_;  // absent: the same as possible_
};

}  // namespace engram
