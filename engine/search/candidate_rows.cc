#include "engine/search/candidate_rows.h"

#include <algorithm>

#include "base/check.h"

namespace engram::search {

void CandidateRows::Load(const std::vector<Slot>& slots) {
  std::vector<Slot> wanted;
  for (const Slot slot : slots) {
    if (!found_.contains(slot)) wanted.push_back(slot);
  }
  if (wanted.empty()) return;
  std::vector<std::optional<RowDetail>> details = index_.Describe(view_, wanted);
  for (size_t i = 0; i < wanted.size(); ++i) {
    ENGRAM_CHECK(details[i].has_value());
    std::string sort_key = IdSortKey(details[i]->row.id);
    found_.emplace(wanted[i], Row{std::move(*details[i]), std::move(sort_key)});
  }
}

const CandidateRows::Row& CandidateRows::RowAt(Slot slot) {
  const auto found = found_.find(slot);
  if (found != found_.end()) return found->second;
  Load({slot});
  return found_.at(slot);
}

const RowDetail& CandidateRows::At(Slot slot) { return RowAt(slot).detail; }

bool CandidateRows::IdBefore(Slot a, Slot b) { return RowAt(a).sort_key < RowAt(b).sort_key; }

void CandidateRows::SortTies(std::vector<ScoredSlot>* hits) {
  std::vector<Slot> tied;
  const auto same = [&](size_t a, size_t b) { return (*hits)[a].score == (*hits)[b].score; };
  for (size_t i = 0; i < hits->size(); ++i) {
    if ((i > 0 && same(i - 1, i)) || (i + 1 < hits->size() && same(i, i + 1))) tied.push_back((*hits)[i].slot);
  }
  if (tied.empty()) return;
  Load(tied);
  std::sort(hits->begin(), hits->end(), [&](const ScoredSlot& a, const ScoredSlot& b) {
    return a.score != b.score ? a.score > b.score : IdBefore(a.slot, b.slot);
  });
}

MemoryRef CandidateRows::RefOf(Slot slot) {
  const IndexedRow& row = At(slot).row;
  return {row.id, row.node, row.slot, row.version};
}

Result<const AttributeFields*> CandidateRows::Fields(Slot slot) {
  const auto known = fields_.find(slot);
  if (known != fields_.end()) return &known->second;
  Include attributes_only;
  attributes_only.text = attributes_only.fields = false;
  ASSIGN_OR_RETURN(const std::vector<Memory> memories, ReadMemories(rows_, {RefOf(slot)}, attributes_only));
  // The state record as the view knew it; the stored one may have moved on.
  const auto added = fields_.emplace(slot, FilterFields(memories[0].id, memories[0].attributes, At(slot).state));
  return &added.first->second;
}

}  // namespace engram::search
