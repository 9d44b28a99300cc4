#include "engine/row_table.h"

#include <algorithm>

#include "base/check.h"

namespace engram {
namespace {

constexpr size_t kDeadRowsMin = 64;
// What a small string keeps inside itself.
constexpr size_t kInlineStringBytes = 15;

size_t HeapBytes(const TableRow& row) {
  const size_t id = row.row.id.capacity() > kInlineStringBytes ? row.row.id.capacity() + 1 : 0;
  return id + (row.state ? sizeof(StateRecord) : 0);
}

std::unique_ptr<const StateRecord> Boxed(const StateRecord& state) {
  static const StateRecord kDefault;
  if (state == kDefault) return nullptr;
  return std::make_unique<const StateRecord>(state);
}

}  // namespace

const StateRecord& TableRow::StateOrDefault() const {
  static const StateRecord kDefault;
  return state ? *state : kDefault;
}

void RowTable::Append(IndexedRow row, Timestamp event_time, const StateRecord& state, std::optional<Slot> replaced) {
  ENGRAM_CHECK(slots_.empty() || slots_.back() < row.slot);
  slots_.push_back(row.slot);
  slot_of_[row.node.value] = row.slot;
  rows_.push_back({std::move(row), event_time, Boxed(state), replaced, true});
  Charge(rows_.back());
}

const TableRow* RowTable::Find(Slot slot) const {
  if (slots_.empty() || slot < slots_.front()) return nullptr;
  // Slots only ascend, so none stands further on than where it would if no slot was left out; mostly it is there.
  const size_t furthest = std::min<size_t>(slot.value - slots_.front().value, slots_.size() - 1);
  if (slots_[furthest] == slot) return &rows_[furthest];
  const auto end = slots_.begin() + static_cast<ptrdiff_t>(furthest);
  const auto at = std::lower_bound(slots_.begin(), end, slot);
  return at != end && *at == slot ? &rows_[static_cast<size_t>(at - slots_.begin())] : nullptr;
}

const TableRow* RowTable::FindLive(Slot slot) const {
  const TableRow* row = Find(slot);
  return row && row->live ? row : nullptr;
}

std::optional<Slot> RowTable::SlotOf(NodeNumber node) const {
  const auto at = slot_of_.find(node.value);
  if (at == slot_of_.end()) return std::nullopt;
  return at->second;
}

std::optional<Slot> RowTable::SlotIn(const SlotSet& view, Slot slot) const {
  for (std::optional<Slot> at = slot; at;) {
    if (view.contains(at->value)) return at;
    const TableRow* row = Find(*at);
    at = row ? row->replaced : std::nullopt;
  }
  return std::nullopt;
}

void RowTable::Update(IndexedRow row, Timestamp event_time, const StateRecord& state) {
  TableRow* entry = FindRow(row.slot);
  ENGRAM_CHECK(entry && entry->live && entry->row.node == row.node);
  Discharge(*entry);
  entry->row = std::move(row);
  entry->event_time = event_time;
  entry->state = Boxed(state);
  Charge(*entry);
}

void RowTable::SetState(Slot slot, const StateRecord& state) {
  TableRow* entry = FindRow(slot);
  ENGRAM_CHECK(entry && entry->live);
  Discharge(*entry);
  entry->state = Boxed(state);
  Charge(*entry);
}

void RowTable::Kill(Slot slot) {
  TableRow* entry = FindRow(slot);
  ENGRAM_CHECK(entry && entry->live);
  entry->live = false;
  const auto at = slot_of_.find(entry->row.node.value);
  if (at != slot_of_.end() && at->second == slot) slot_of_.erase(at);
}

bool RowTable::mostly_dead() const {
  const size_t dead = rows_.size() - slot_of_.size();
  return dead >= kDeadRowsMin && dead > slot_of_.size();
}

std::shared_ptr<RowTable> RowTable::Compacted() const {
  auto table = std::make_shared<RowTable>();
  table->slots_.reserve(live());
  ForEachLive([&](const TableRow& row) { table->Append(row.row, row.event_time, row.StateOrDefault(), std::nullopt); });
  return table;
}

std::vector<const TableRow*> RowTable::LiveFrom(Slot slot, size_t most) const {
  std::vector<const TableRow*> found;
  auto at = static_cast<size_t>(std::lower_bound(slots_.begin(), slots_.end(), slot) - slots_.begin());
  for (; at < rows_.size() && found.size() < most; ++at) {
    if (rows_[at].live) found.push_back(&rows_[at]);
  }
  return found;
}

size_t RowTable::MemoryBytes() const {
  // The hash map keeps a byte of metadata beside each place.
  const size_t map_bytes = slot_of_.bucket_count() * (sizeof(std::pair<uint32_t, Slot>) + 1);
  return sizeof(*this) + slots_.capacity() * sizeof(Slot) + rows_.size() * sizeof(TableRow) + map_bytes + heap_bytes_;
}

TableRow* RowTable::FindRow(Slot slot) { return const_cast<TableRow*>(std::as_const(*this).Find(slot)); }

void RowTable::Charge(const TableRow& row) { heap_bytes_ += HeapBytes(row); }
void RowTable::Discharge(const TableRow& row) { heap_bytes_ -= HeapBytes(row); }

}  // namespace engram
