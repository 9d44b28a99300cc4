#include "tools/import/batch.h"

#include <charconv>
#include <iterator>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace engram {
namespace {

size_t ItemBytes(const SourceRecord& record) {
  return std::visit(
      [](const auto& item) -> size_t {
        if constexpr (requires { item.ByteSizeLong(); }) {
          return item.ByteSizeLong();
        } else {
          return item.memory.ByteSizeLong();
        }
      },
      record.item);
}

// What lists an item stands in, by SourceRecord::item's order.
constexpr std::string_view kLists[] = {"memories", "edges", "nodes", "runs", "", "tombstones"};

// Empty where a batch may hold the same one twice.
std::string ItemId(const SourceRecord& record) {
  return std::visit(
      [](const auto& item) -> std::string {
        if constexpr (requires { item.retired_at(); }) {
          // Versions of an edge that have ended stand beside the current one.
          return item.has_retired_at() ? item.id() + '\n' + std::to_string(item.version()) : item.id();
        } else if constexpr (requires { item.id(); }) {
          return item.id();
        } else if constexpr (requires { item.memory; }) {
          return item.memory.id();
        } else {
          return {};
        }
      },
      record.item);
}

bool IsEdge(const SourceRecord& record) { return std::holds_alternative<v1::Edge>(record.item); }

}  // namespace

bool ImportBatch::Refuses(const SourceRecord& record) const {
  if (records_.empty()) return false;
  if (full() || bytes_ + ItemBytes(record) > limits_.bytes) return true;
  const std::string id = ItemId(record);
  return !id.empty() && (IsEdge(record) ? edge_ids_ : ids_).count(id) != 0;
}

void ImportBatch::Add(SourceRecord record) {
  ENGRAM_CHECK(!kLists[record.item.index()].empty());
  bytes_ += ItemBytes(record);
  const std::string id = ItemId(record);
  if (!id.empty()) (IsEdge(record) ? edge_ids_ : ids_).insert(id);
  records_.push_back(std::move(record));
}

void ImportBatch::Clear() {
  records_.clear();
  ids_.clear();
  edge_ids_.clear();
  bytes_ = 0;
}

void ImportBatch::RemoveMemories(const std::function<bool(v1::Memory* memory, bool seen)>& settled) {
  std::erase_if(records_, [&](SourceRecord& record) {
    auto* memory = std::get_if<v1::Memory>(&record.item);
    return memory != nullptr && settled(memory, record.seen);
  });
}

std::vector<const v1::Memory*> ImportBatch::Memories() const {
  std::vector<const v1::Memory*> memories;
  for (const SourceRecord& record : records_) {
    if (const auto* memory = std::get_if<v1::Memory>(&record.item)) memories.push_back(memory);
  }
  return memories;
}

std::vector<std::string> ImportBatch::MemoryIds() const {
  std::vector<std::string> ids;
  for (const v1::Memory* memory : Memories()) ids.push_back(memory->id());
  return ids;
}

v1::WriteRequest ImportBatch::Request() const {
  v1::WriteRequest request;
  for (const SourceRecord& record : records_) {
    if (const auto* memory = std::get_if<v1::Memory>(&record.item)) *request.add_memories() = *memory;
    if (const auto* edge = std::get_if<v1::Edge>(&record.item)) *request.add_edges() = *edge;
    if (const auto* node = std::get_if<v1::Node>(&record.item)) *request.add_nodes() = *node;
    if (const auto* run = std::get_if<v1::Run>(&record.item)) *request.add_runs() = *run;
    if (const auto* dead = std::get_if<Tombstone>(&record.item)) *request.add_tombstones() = dead->memory;
  }
  return request;
}

std::optional<SourceRecord> ImportBatch::TakeBlamed(const std::string& field) {
  const std::string_view text = field;
  const size_t open = text.find('[');
  if (open == std::string_view::npos) return std::nullopt;
  const std::string_view list = text.substr(0, open);
  size_t index = 0;
  if (std::from_chars(text.data() + open + 1, text.data() + text.size(), index).ec != std::errc()) return std::nullopt;
  for (size_t i = 0; i < records_.size(); ++i) {
    if (kLists[records_[i].item.index()] != list || index-- > 0) continue;
    SourceRecord blamed = std::move(records_[i]);
    records_.erase(records_.begin() + static_cast<std::ptrdiff_t>(i));
    return blamed;
  }
  return std::nullopt;
}

}  // namespace engram
