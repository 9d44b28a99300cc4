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

Result<HistoryEvent> AsEvent(const KvReader& ns, const std::string& id, Version version, const VersionRow& row) {
  HistoryEvent event;
  event.version = version;
  event.kind = row.kind;
  event.time = row.time;
  ASSIGN_OR_RETURN(event.memory, ReadVersion(ns, id, row));
  return event;
}

}  // namespace

Result<std::optional<HistoryEvent>> FindFormerVersion(const KvReader& ns, const std::string& id, NodeNumber node,
                                                      Version version) {
  ASSIGN_OR_RETURN(const auto bytes, ns.Get(Key(keys::kVersion).Add(node).Add(version)));
  if (!bytes) return std::optional<HistoryEvent>();
  ASSIGN_OR_RETURN(const VersionRow row, DecodeVersion(*bytes));
  ASSIGN_OR_RETURN(HistoryEvent event, AsEvent(ns, id, version, row));
  return std::optional<HistoryEvent>(std::move(event));
}

Result<std::vector<HistoryEvent>> ReadHistory(const KvReader& ns, const std::string& id) {
  ASSIGN_OR_RETURN(const auto row, FindId(ns, id));
  if (!row || !row->is_memory) return NotFound(fmt::format("there is no memory \"{}\"", id));
  std::vector<HistoryEvent> events;
  std::optional<std::string> text;
  const auto it = ns.ScanPrefix(Key(keys::kVersion).Add(row->node).str());
  for (; it->Valid(); it->Next()) {
    ByteReader key(it->key().substr(5));
    ASSIGN_OR_RETURN(const VersionRow version, DecodeVersion(it->value()));
    ASSIGN_OR_RETURN(HistoryEvent event, AsEvent(ns, id, Version(key.Key64()), version));
    event.old_text = text;
    const bool ended = event.kind == HistoryEvent::Kind::kDelete || event.kind == HistoryEvent::Kind::kExpire;
    text = ended ? std::nullopt : std::optional<std::string>(event.memory.content.text);
    events.push_back(std::move(event));
  }
  RETURN_IF_ERROR(it->status());
  return events;
}

}  // namespace engram
