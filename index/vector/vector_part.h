// The parts of a VectorIndex, each with the rows of its own range of slots; private to index/vector.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "index/pacer.h"
#include "index/vector/row_store.h"
#include "index/vector/top_hits.h"
#include "index/vector/vector_index.h"
#include "index/vector/vector_sealer.h"
#include "index/vector/vector_segment_search.h"
#include "index/vector/vector_space.h"

namespace engram {

// Deaths are numbered from 1 in the order they happen in a part. A moment of a part is a number of rows and a
// number of deaths: its first `rows` rows less those that had died by then.
//
// Threads: rows are added and killed, and moments taken, under the owner's lock; everything that takes a
// moment needs none.
class VectorPart {
 public:
  struct Moment {
    size_t rows = 0;
    uint32_t deaths = 0;
  };

  explicit VectorPart(const VectorSpace& of) : space_(of) {}
  VectorPart(const VectorPart&) = delete;
  VectorPart& operator=(const VectorPart&) = delete;
  virtual ~VectorPart() = default;

  const VectorSpace& space() const { return space_; }
  // Whether a living row had the slot; it is dead now.
  bool Kill(Slot slot);
  size_t live() const { return rows() - deaths_; }
  Moment Now() const { return {rows(), deaths_}; }

  virtual size_t rows() const = 0;
  // Of the first `rows` rows. REQUIRES: 0 < rows.
  virtual SlotRange slots(size_t rows) const = 0;
  SlotRange slots() const { return slots(rows()); }

  // Offers the k best rows that are alive and allowed; exact scores. Counts floats by `pacer`. REQUIRES: `query` is
  // prepared.
  virtual void Top(Moment moment, const float* query, const SlotSet& allowed, size_t k,
                   const VectorSearchOptions& options, Pacer* pacer, TopHits& top) const = 0;
  // The prepared vector of a slot that is alive, or null.
  virtual const float* Find(Moment moment, Slot slot) const = 0;
  // Appends the rows that are alive, ascending. They live as long as the part.
  virtual Status AppendLive(Moment moment, std::vector<PreparedRow>* out) const = 0;
  // Calls `visit(slot)` for the rows that died after a moment's deaths; under the owner's lock.
  virtual void ForEachDeathAfter(uint32_t deaths, const std::function<void(Slot)>& visit) const = 0;

  virtual size_t AnonymousBytes() const = 0;
  virtual size_t MappedBytes() const { return 0; }
  virtual const VectorSegment* segment() const { return nullptr; }

 protected:
  // Marks the row dead by death number `death`; false when the slot has no living row.
  virtual bool KillAs(Slot slot, uint32_t death) = 0;

 private:
  VectorSpace space_;
  uint32_t deaths_ = 0;
};

// Rows in memory: the fresh part, and what was frozen to be sealed.
class RowPart final : public VectorPart {
 public:
  explicit RowPart(const VectorSpace& of) : VectorPart(of), store_(of.dimensions()) {}
  using VectorPart::slots;

  void Add(Slot slot, std::span<const float> vector);
  // The living rows in a part of their own.
  std::shared_ptr<RowPart> Compacted() const;

  size_t rows() const override { return store_.size(); }
  SlotRange slots(size_t n) const override { return {Slot(store_.SlotAt(0)), Slot(store_.SlotAt(n - 1))}; }
  void Top(Moment moment, const float* query, const SlotSet& allowed, size_t k, const VectorSearchOptions& options,
           Pacer* pacer, TopHits& top) const override;
  const float* Find(Moment moment, Slot slot) const override;
  Status AppendLive(Moment moment, std::vector<PreparedRow>* out) const override;
  void ForEachDeathAfter(uint32_t deaths, const std::function<void(Slot)>& visit) const override;
  size_t AnonymousBytes() const override { return store_.MemoryBytes(); }

 private:
  bool KillAs(Slot slot, uint32_t death) override;
  void EncodeLast();
  RowStore store_;
};

// A sealed segment and which of its rows have died since.
class SegmentPart final : public VectorPart {
 public:
  SegmentPart(const VectorSpace& of, std::shared_ptr<const VectorSegment> segment)
      : VectorPart(of), segment_(std::move(segment)) {}

  size_t rows() const override { return segment_->rows(); }
  SlotRange slots(size_t /*n*/) const override { return segment_->slots(); }
  using VectorPart::slots;
  void Top(Moment moment, const float* query, const SlotSet& allowed, size_t k, const VectorSearchOptions& options,
           Pacer* pacer, TopHits& top) const override;
  const float* Find(Moment moment, Slot slot) const override;
  Status AppendLive(Moment moment, std::vector<PreparedRow>* out) const override;
  void ForEachDeathAfter(uint32_t deaths, const std::function<void(Slot)>& visit) const override;
  size_t AnonymousBytes() const override;
  size_t MappedBytes() const override { return segment_->MappedBytes(); }
  const VectorSegment* segment() const override { return segment_.get(); }

 private:
  bool KillAs(Slot slot, uint32_t death) override;
  // A moment without deaths may be older than the array.
  RowDeaths DeathsAt(Moment moment) const { return {moment.deaths > 0 ? deaths_.get() : nullptr, moment.deaths}; }

  std::shared_ptr<const VectorSegment> segment_;
  std::unique_ptr<std::atomic<uint32_t>[]> deaths_;  // by row; made at the first death
};

class VectorView::Rep {
 public:
  struct PartMoment {
    std::shared_ptr<const VectorPart> part;
    VectorPart::Moment moment;
  };

  Rep(const VectorSpace& of, std::vector<PartMoment> parts) : space_(of), parts_(std::move(parts)) {}

  const VectorSpace& space() const { return space_; }
  const std::vector<PartMoment>& parts() const { return parts_; }
  // The prepared vector of a slot that is alive here, or null.
  const float* Find(Slot slot) const;

 private:
  VectorSpace space_;
  std::vector<PartMoment> parts_;  // by slots, ascending; none is empty
};

}  // namespace engram
