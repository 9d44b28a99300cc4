// One vector space of one namespace, first form: exact search by SIMD scan over fp32.
//
// Threads: one writer. Add, Remove and View are serialised by the owner's lock (View may share it); the
// VectorView that comes back needs no lock and stays valid, unchanged, whatever the writer does.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "index/scored_slot.h"
#include "index/slot_set.h"
#include "index/vector/distance.h"

namespace engram {

constexpr uint32_t kDimensionsMax = 4096;

// Whether `vector` may be stored in or searched in a space: Unprocessable when the length differs (both
// numbers named, also as details "expected" and "got"), when a component is NaN or infinite (its index
// named), or when it is all zeros under cosine.
Status CheckVector(std::span<const float> vector, uint32_t dimensions, Metric metric);

class VectorView {
 public:
  class Rep;
  explicit VectorView(std::shared_ptr<const Rep> rep) : rep_(std::move(rep)) {}

  // The k nearest of `allowed` that have a vector, best first, exactly: the scores are Score()'s, bit for
  // bit. Costs a score per common slot plus the smaller of the two sets.
  // REQUIRES: CheckVector(query) is OK.
  std::vector<ScoredSlot> Top(std::span<const float> query, const SlotSet& allowed, size_t k) const;

  // The similarity of each slot to the query, nothing where a slot has no vector; in the slots' order.
  std::vector<std::optional<double>> Score(std::span<const float> query, const std::vector<Slot>& slots) const;

  // The similarity of two stored vectors by the space's metric, nothing where either is missing.
  std::optional<double> Similarity(Slot a, Slot b) const;

 private:
  std::shared_ptr<const Rep> rep_;
};

// Vectors are stored in chunks that never move: normalised under cosine, as given otherwise.
class VectorIndex {
 public:
  // REQUIRES: 1 <= dimensions <= kDimensionsMax.
  VectorIndex(uint32_t dimensions, Metric metric);
  ~VectorIndex();
  VectorIndex(const VectorIndex&) = delete;
  VectorIndex& operator=(const VectorIndex&) = delete;

  uint32_t dimensions() const { return dimensions_; }
  Metric metric() const { return metric_; }

  // REQUIRES: CheckVector is OK; `slot` is above every slot added before.
  void Add(Slot slot, std::span<const float> vector);
  // Unknown slots are ignored. Space comes back when more than half of what is held is dead.
  void Remove(Slot slot);

  VectorView View() const;
  size_t size() const;  // live vectors
  // What is allocated, without what only views still hold.
  size_t MemoryBytes() const;

  class Part;

 private:
  void Compact();

  uint32_t dimensions_;
  Metric metric_;
  std::optional<Slot> last_slot_;
  std::shared_ptr<Part> part_;
};

}  // namespace engram
