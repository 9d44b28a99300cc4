#include "engine/history.h"

#include <fmt/format.h>

#include "engine/keys.h"
#include "engine/rows.h"

namespace engram {
namespace {

using keys::Key;

// The version that a row speaks of. What trimming took away comes back with its id alone.
Result<Memory> ReadVersion(const KvReader& ns, const std::string& id, const VersionRow& row) {
  Memory memory;
  memory.id = id;
  memory.version = row.attributes;
  ASSIGN_OR_RETURN(const auto attributes, ns.Get(Key(keys::kAttributes).Add(row.slot).Add(row.attributes)));
  if (!attributes) return memory;
  ASSIGN_OR_RETURN(AttributeRow decoded, DecodeAttributes(*attributes));
  memory.attributes = std::move(decoded.attributes);
  ASSIGN_OR_RETURN(const auto content, ns.Get(Key(keys::kContent).Add(row.slot)));
  if (!content) return Corruption(fmt::format("the content row of slot {} is missing", row.slot.value));
  Include everything;
  everything.vectors = true;
  NodeNumber node;
  RETURN_IF_ERROR(DecodeContent(*content, everything, &node, &memory.content));
  return memory;
}

}  // namespace

Result<std::vector<HistoryEvent>> ReadHistory(const KvReader& ns, const std::string& id) {
  ASSIGN_OR_RETURN(const auto row, FindId(ns, id));
  if (!row || !row->is_memory) return NotFound(fmt::format("there is no memory \"{}\"", id));
  std::vector<HistoryEvent> events;
  std::optional<std::string> text;
  const auto it = ns.ScanPrefix(Key(keys::kVersion).Add(row->node).str());
  for (; it->Valid(); it->Next()) {
    ByteReader key(it->key().substr(5));
    ASSIGN_OR_RETURN(const VersionRow version, DecodeVersion(it->value()));
    HistoryEvent event;
    event.version = Version(key.Key64());
    event.kind = version.kind;
    event.time = version.time;
    event.old_text = text;
    ASSIGN_OR_RETURN(event.memory, ReadVersion(ns, id, version));
    const bool ended = event.kind == HistoryEvent::Kind::kDelete || event.kind == HistoryEvent::Kind::kExpire;
    text = ended ? std::nullopt : std::optional<std::string>(event.memory.content.text);
    events.push_back(std::move(event));
  }
  RETURN_IF_ERROR(it->status());
  return events;
}

}  // namespace engram
