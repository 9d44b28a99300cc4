// A query on the part in memory.
#pragma once

#include "index/text/text_part.h"
#include "index/text/walking_query.h"

namespace engram {

class MemoryCursor {
 public:
  using Part = TextPart;
  using List = PostingSpan;
  // A posting walked costs about 4 ns with the question whether its text is allowed, one looked up about 60.
  static constexpr uint64_t kLookupCost = 16;

  static List ListOf(const Part& part, uint32_t term) { return part.postings(term); }
  static uint32_t Count(const List& list) { return list.count; }

  MemoryCursor(const Part& part, const List& list) : part_(&part), cursor_(list) {}

  bool done() const { return cursor_.done(); }
  uint32_t ordinal() const { return cursor_->ordinal; }
  uint32_t frequency() const { return cursor_->frequency; }
  void Next() { cursor_.Next(); }
  void Seek(uint32_t ordinal) { cursor_.Seek(ordinal); }

  void LoadPositions() {}
  uint32_t position_count() const { return cursor_->frequency; }
  uint32_t position(uint32_t i) const { return part_->Position(*cursor_, i); }

 private:
  const Part* part_;
  PostingCursor cursor_;
};

using MemoryQuery = WalkingQuery<MemoryCursor>;

}  // namespace engram
