#include "index/attribute/attribute_store.h"

#include <algorithm>

#include "base/check.h"
#include "base/coding.h"

namespace engram {
namespace {

// A node of std::map: three pointers and a colour before the value; malloc adds its own eight bytes.
constexpr size_t kMallocOverhead = 8;
constexpr size_t kMapNodeBytes = 32 + kMallocOverhead;
constexpr size_t kValueNodeBytes = kMapNodeBytes + sizeof(AttributeValues::value_type);
constexpr size_t kPathNodeBytes = kMapNodeBytes + sizeof(AttributePaths::value_type);

}  // namespace

size_t AttributeStore::NodeBytes(const AttributeValues::value_type& node) {
  return kValueNodeBytes + node.first.MemoryBytes() + node.second.MemoryBytes();
}

size_t AttributeStore::CellsBytes(const Cells& cells) {
  return cells.capacity() == 0 ? 0 : cells.capacity() * sizeof(Cell) + kMallocOverhead;
}

AttributePaths::iterator AttributeStore::PathNamed(std::string_view name) {
  const auto path = paths_.find(name);
  if (path != paths_.end()) return path;
  bytes_ += kPathNodeBytes + name.size();
  return paths_.emplace(std::string(name), AttributePath()).first;
}

const Posting* AttributePath::Find(const KeyView& key) const {
  const auto it = values.find(key);
  return it == values.end() ? nullptr : &it->second;
}

bool AttributePath::HasLists() const { return values.lower_bound(KeyRank::kListSize) != values.end(); }

const AttributePath* AttributeStore::FindPath(std::string_view path) const {
  const auto it = paths_.find(path);
  return it == paths_.end() ? nullptr : &it->second;
}

void AttributeStore::AddKey(uint32_t slot, AttributePaths::iterator path, const KeyView& key, Cells* cells) {
  AttributeValues& values = path->second.values;
  // Most new values are the greatest so far: times, counters.
  const bool is_last = values.empty() || values.key_comp()(values.rbegin()->first, key);
  auto it = is_last ? values.end() : values.lower_bound(key);
  if (it == values.end() || values.key_comp()(key, it->first)) {
    it = values.emplace_hint(it, AttributeKey(key), Posting());
  } else {
    bytes_ -= NodeBytes(*it);
  }
  // A list may hold a value twice; its slot stands under it once.
  if (it->second.Add(slot)) cells->push_back({&*path, it});
  bytes_ += NodeBytes(*it);
}

void AttributeStore::AddField(uint32_t slot, std::string_view name, const Value& value, Cells* cells) {
  if (value.is_null()) return;
  ENGRAM_CHECK(value.kind() != Value::Kind::kObject);
  const auto path = PathNamed(name);
  bytes_ -= path->second.present.MemoryBytes();
  ENGRAM_CHECK(path->second.present.Add(slot));
  bytes_ += path->second.present.MemoryBytes();

  if (value.kind() != Value::Kind::kList) {
    AddKey(slot, path, *KeyView::Of(value), cells);
    return;
  }
  for (const Value& item : value.as_list()) {
    if (const auto key = KeyView::Of(item)) AddKey(slot, path, *key, cells);
  }
  AddKey(slot, path, KeyView::ListSize(value.as_list().size()), cells);
}

void AttributeStore::RemoveCell(uint32_t slot, const Cell& cell) {
  bytes_ -= NodeBytes(*cell.value);
  ENGRAM_CHECK(cell.value->second.Remove(slot));
  if (cell.value->second.size() == 0) {
    cell.path->second.values.erase(cell.value);
  } else {
    bytes_ += NodeBytes(*cell.value);
  }
}

void AttributeStore::RemovePresence(uint32_t slot, const std::string& name) {
  const auto path = paths_.find(name);
  bytes_ -= path->second.present.MemoryBytes();
  ENGRAM_CHECK(path->second.present.Remove(slot));
  bytes_ += path->second.present.MemoryBytes();
  if (path->second.present.size() != 0) return;
  bytes_ -= kPathNodeBytes + name.size();
  paths_.erase(path);
}

void AttributeStore::Set(Slot slot, const AttributeFields& fields) {
  Remove(slot);
  Cells cells;
  for (const auto& [path, value] : fields) AddField(slot.value, path, value, &cells);
  cells.shrink_to_fit();
  bytes_ += CellsBytes(cells);
  cells_.emplace(slot.value, std::move(cells));
  slots_.add(slot.value);
}

void AttributeStore::SetField(Slot slot, std::string_view field, const Value& value) {
  const auto found = cells_.find(slot.value);
  ENGRAM_CHECK(found != cells_.end());
  Cells& cells = found->second;
  bytes_ -= CellsBytes(cells);
  const auto others = [&](const Cell& cell) { return cell.path->first != field; };
  if (!std::all_of(cells.begin(), cells.end(), others)) {
    const auto first = std::stable_partition(cells.begin(), cells.end(), others);
    const Cells old(first, cells.end());
    cells.erase(first, cells.end());
    for (const Cell& cell : old) RemoveCell(slot.value, cell);
    RemovePresence(slot.value, std::string(field));
  }
  AddField(slot.value, field, value, &cells);
  bytes_ += CellsBytes(cells);
}

void AttributeStore::Remove(Slot slot) {
  const auto found = cells_.find(slot.value);
  if (found == cells_.end()) return;
  const Cells cells = std::move(found->second);
  cells_.erase(found);
  slots_.remove(slot.value);
  bytes_ -= CellsBytes(cells);
  for (size_t i = 0; i < cells.size(); ++i) {
    RemoveCell(slot.value, cells[i]);
    // The cells of one path stand together, so the last of them takes the presence along.
    const bool last_of_path = i + 1 == cells.size() || cells[i + 1].path != cells[i].path;
    if (last_of_path) RemovePresence(slot.value, cells[i].path->first);
  }
}

Value AttributeStore::SortValue(uint32_t slot, const AttributePath* path) const {
  const auto found = cells_.find(slot);
  if (found == cells_.end()) return Value();
  const AttributeKey* least = nullptr;
  for (const Cell& cell : found->second) {
    const AttributeKey& key = cell.value->first;
    if (&cell.path->second != path || key.rank() > KeyRank::kText) continue;
    if (!least || KeyOrder()(key, *least)) least = &key;
  }
  return least ? least->view().ToValue() : Value();
}

Hash128 AttributeStore::Fingerprint(uint32_t slot) const {
  const auto found = cells_.find(slot);
  if (found == cells_.end()) return {};
  Hash128 sum = HashBytes128("");
  std::string bytes;
  for (const Cell& cell : found->second) {
    const KeyView key = cell.value->first.view();
    bytes.clear();
    AppendKeyString(&bytes, cell.path->first);
    bytes += static_cast<char>(key.rank);
    bytes += static_cast<char>(key.number);
    AppendFixed64(&bytes, key.bits);
    AppendFixed64(&bytes, key.low);
    bytes += key.text;
    sum += HashBytes128(bytes);
  }
  return sum;
}

size_t AttributeStore::MemoryBytes() const {
  constexpr size_t kHashNodeBytes = 16 + sizeof(Cells) + kMallocOverhead;
  return sizeof(*this) + bytes_ + cells_.size() * kHashNodeBytes + cells_.bucket_count() * sizeof(void*) +
         SlotSetBytes(slots_, slots_.cardinality());
}

}  // namespace engram
