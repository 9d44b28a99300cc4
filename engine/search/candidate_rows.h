// The rows behind the slots that a search considers, each looked up once.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "base/kv.h"
#include "base/status.h"
#include "engine/namespace_index.h"
#include "engine/rows.h"
#include "index/scored_slot.h"

namespace engram::search {

// Confined to one search. `index`, `view` and `rows` must outlive it.
class CandidateRows {
 public:
  CandidateRows(const NamespaceIndex& index, const IndexView& view, const KvReader& rows)
      : index_(index), view_(view), rows_(rows) {}

  // REQUIRES: the slots are of the view.
  void Load(const std::vector<Slot>& slots);
  // Of a slot that was loaded, or is loaded now. Stays where it is.
  const RowDetail& At(Slot slot);

  // The order of ids, which breaks every tie.
  bool IdBefore(Slot a, Slot b);
  // Puts hits of equal score, which stand by slot, in the order of their ids.
  void SortTies(std::vector<ScoredSlot>* hits);

  // All fields that filters see, from the stored rows.
  Result<const AttributeFields*> Fields(Slot slot);
  MemoryRef RefOf(Slot slot);

 private:
  struct Row {
    RowDetail detail;
    std::string sort_key;
  };
  const Row& RowAt(Slot slot);

  const NamespaceIndex& index_;
  const IndexView& view_;
  const KvReader& rows_;
  std::unordered_map<Slot, Row> found_;
  std::unordered_map<Slot, AttributeFields> fields_;
};

}  // namespace engram::search
