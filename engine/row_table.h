// The columns of a namespace's memories by slot: what ranking and fetching need without reading rows.
//
// A row outlives its memory until the table is compacted, so that a view taken before can still describe it.
// A compacted table is a new one; views keep the old, which then no longer changes.
//
// Threads: guarded by the lock of the index that owns it, also through a view.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/ids.h"
#include "base/timestamp.h"
#include "engine/memory.h"
#include "engine/publication.h"
#include "index/slot_set.h"

namespace engram {

struct TableRow {
  IndexedRow row;
  Timestamp event_time;
  std::unique_ptr<const StateRecord> state;  // null: the default one, as most memories have
  std::optional<Slot> replaced;              // where the memory was before its content changed
  bool live = true;

  const StateRecord& StateOrDefault() const;
};

class RowTable {
 public:
  // REQUIRES: the slot is above every slot before.
  void Append(IndexedRow row, Timestamp event_time, const StateRecord& state, std::optional<Slot> replaced);

  // Whether dead or live; null for slots never seen or compacted away.
  const TableRow* Find(Slot slot) const;
  const TableRow* FindLive(Slot slot) const;
  // The live slot of a node.
  std::optional<Slot> SlotOf(NodeNumber node) const;
  // Where the memory of `slot` stood in `view`: there, or where it was before its content changed.
  std::optional<Slot> SlotIn(const SlotSet& view, Slot slot) const;

  // REQUIRES (of all three): the slot is live.
  void Update(IndexedRow row, Timestamp event_time, const StateRecord& state);
  void SetState(Slot slot, const StateRecord& state);
  void Kill(Slot slot);

  size_t live() const { return slot_of_.size(); }
  // More than half is dead, and enough of it for a copy to pay.
  bool mostly_dead() const;
  std::shared_ptr<RowTable> Compacted() const;

  // In slot order.
  template <class Visit>
  void ForEachLive(Visit visit) const {
    for (const TableRow& row : rows_) {
      if (row.live) visit(row);
    }
  }
  // At most `most` live rows from the slot on.
  std::vector<const TableRow*> LiveFrom(Slot slot, size_t most) const;

  size_t MemoryBytes() const;

 private:
  TableRow* FindRow(Slot slot);
  void Charge(const TableRow& row);
  void Discharge(const TableRow& row);

  std::vector<Slot> slots_;    // of rows_, ascending: small, so that a look-up stays in the cache
  std::deque<TableRow> rows_;  // grows without copying
  boost::unordered_flat_map<uint32_t, Slot> slot_of_;  // live ones, by node
  size_t heap_bytes_ = 0;                              // what rows point at
};

}  // namespace engram
