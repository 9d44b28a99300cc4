// From an index view to stored rows.
//
// A read takes a view of the index and then a snapshot of the rows (ReadView::Latest); writes may fall between
// them. So rows are looked up by id as the snapshot has them, and what the snapshot doesn't have any more is left
// out: both answers were true while the read ran.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/kv.h"
#include "base/status.h"
#include "engine/memory.h"
#include "engine/namespace_index.h"
#include "engine/read_view.h"
#include "engine/search.h"
#include "index/slot_set.h"

namespace engram {

// The current versions of the ids in their order; nothing where an id is no live memory.
Result<std::vector<std::optional<Memory>>> ReadCurrent(const KvReader& ns, const std::vector<std::string>& ids,
                                                       const Include& include);

// The view's visible slots that match `filter` for sure: at once when the view is exact, by their rows otherwise.
Result<SharedSlots> MatchingSlots(const ReadView& read, const NamespaceIndex& index, const IndexView& view,
                                  const Filter* filter);

std::vector<Slot> SlotList(const SlotSet& slots);

// Calls `visit(begin, end)` for [0, size) in pieces, asking for the deadline before each.
template <class Visit>
Status ForEachChunk(const ReadView& read, size_t size, Visit visit) {
  constexpr size_t kChunk = 4096;
  for (size_t begin = 0; begin < size; begin += kChunk) {
    RETURN_IF_ERROR(read.CheckDeadline());
    RETURN_IF_ERROR(visit(begin, size - begin < kChunk ? size : begin + kChunk));
  }
  return {};
}

}  // namespace engram
