// What an AttributeIndex holds: value -> slots for evaluation, slot -> values for taking a slot out again.
// Private to index/attribute. Threads: as AttributeIndex.
//
// Cost of a value that only one slot has, such as created_at: a map node of 80 bytes and a cell of 16.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/ids.h"
#include "base/value.h"
#include "index/attribute/attribute_key.h"
#include "index/attribute/filter.h"
#include "index/attribute/posting.h"
#include "index/slot_set.h"

namespace engram {

using AttributeValues = std::map<AttributeKey, Posting, KeyOrder>;

// One path: its values and the slots that have it at all.
struct AttributePath {
  AttributeValues values;
  Posting present;

  // The posting of a key, or null.
  const Posting* Find(const KeyView& key) const;
  bool HasLists() const;
};

using AttributePaths = std::map<std::string, AttributePath, std::less<>>;

class AttributeStore {
 public:
  // A value of a slot: where it stands in the path's values. Both iterators stay valid while it is there.
  struct Cell {
    AttributePaths::value_type* path;
    AttributeValues::iterator value;
  };
  using Cells = std::vector<Cell>;
  class StretchLoader;  // field_stretch.cc

  void Set(Slot slot, const AttributeFields& fields);
  void SetField(Slot slot, std::string_view field, const Value& value);
  void Remove(Slot slot);

  const SlotSet& slots() const { return slots_; }
  const AttributePaths& paths() const { return paths_; }
  // Null when no slot has the path.
  const AttributePath* FindPath(std::string_view path) const;
  // The cells of a slot in no particular order. REQUIRES: the slot is known.
  const Cells& CellsOf(uint32_t slot) const { return cells_.at(slot); }
  // The least value of the slot under the path that sorts (bool, number, text), or null; also where the
  // path is null or the slot is unknown.
  Value SortValue(uint32_t slot, const AttributePath* path) const;

  // Calls `visit(path)` for the path and for those below it, whose names go on with a dot.
  template <class Visit>
  void ForEachPathFrom(std::string_view path, Visit visit) const {
    if (const AttributePath* exact = FindPath(path)) visit(*exact);
    const std::string below = std::string(path) + '.';
    for (auto it = paths_.lower_bound(below); it != paths_.end() && it->first.starts_with(below); ++it) {
      visit(it->second);
    }
  }

  // Over paths and keys in no order; all zeros for an unknown slot.
  Hash128 Fingerprint(uint32_t slot) const;

  size_t MemoryBytes() const;

 private:
  // Made when it isn't there.
  AttributePaths::iterator PathNamed(std::string_view name);
  static size_t NodeBytes(const AttributeValues::value_type& node);
  static size_t CellsBytes(const Cells& cells);
  void AddField(uint32_t slot, std::string_view path, const Value& value, Cells* cells);
  void AddKey(uint32_t slot, AttributePaths::iterator path, const KeyView& key, Cells* cells);
  void RemoveCell(uint32_t slot, const Cell& cell);
  // Takes the slot out of the path's presence; the path goes when that was its last.
  void RemovePresence(uint32_t slot, const std::string& path);

  AttributePaths paths_;
  std::unordered_map<uint32_t, Cells> cells_;
  SlotSet slots_;
  size_t bytes_ = 0;  // of paths_ and the contents of cells_
};

}  // namespace engram
