// A query on a sealed part.
#pragma once

#include <optional>

#include "index/text/sealed_part.h"
#include "index/text/walking_query.h"

namespace engram {

class SealedListCursor {
 public:
  using Part = SealedPart;
  // Read without the lock, when it is first walked.
  struct List {
    uint32_t term;
    uint32_t count;
  };
  // Walked about 1 ns, and often skipped; looked up, a block is unpacked: about 120.
  static constexpr uint64_t kLookupCost = 128;

  static List ListOf(const Part& part, uint32_t term) { return {term, part.segment().term_texts(term)}; }
  static uint32_t Count(const List& list) { return list.count; }

  SealedListCursor(const Part& part, const List& list)
      : segment_(&part.segment()), cursor_(segment_->postings(list.term)) {}

  bool done() const { return cursor_.done(); }
  uint32_t ordinal() const { return cursor_.ordinal(); }
  uint32_t frequency() { return cursor_.frequency(); }
  void Next() { cursor_.Next(); }
  void Seek(uint32_t ordinal) { cursor_.Seek(ordinal); }

  SealedCursor& cursor() { return cursor_; }
  void LoadPositions() { cursor_.Positions(&positions_); }
  uint32_t position_count() const { return static_cast<uint32_t>(positions_.size()); }
  uint32_t position(uint32_t i) const { return positions_[i]; }

 private:
  const TextSegment* segment_;
  SealedCursor cursor_;
  std::vector<uint32_t> positions_;
};

class SealedQuery : public WalkingQuery<SealedListCursor> {
 public:
  using WalkingQuery::WalkingQuery;

  void Top(const QueryScoring& scoring, const SlotSet& allowed, Pacer* pacer, BestHits* best) const override;

  // The third way to do it, which skips what can't be among the best.
  void TopByMaxScore(const QueryScoring& scoring, const SlotSet& allowed, Pacer* pacer, BestHits* best) const;

 private:
  class MaxScore;
  class BestBlocks;

  std::optional<size_t> OnlyTerm(const QueryScoring& scoring) const;
  void TopOfTerm(size_t clause, const QueryScoring& scoring, const SlotSet& allowed, Pacer* pacer,
                 BestHits* best) const;
};

}  // namespace engram
