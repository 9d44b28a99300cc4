// Reading rows (rows.h): by id, by slot, by scan.
#include <algorithm>

#include "engine/keys.h"
#include "engine/live_rows.h"
#include "engine/rows.h"

namespace engram {
namespace {

using keys::Key;

// Rows fetched by one MultiGet while scanning a namespace.
constexpr size_t kScanChunk = 256;

// The decoded row at `key`, nothing when absent.
template <class Row>
Result<std::optional<Row>> ReadRow(const KvReader& ns, const std::string& key,
                                   Result<Row> (*decode)(std::string_view)) {
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes, ns.Get(key));
  if (!bytes) return std::optional<Row>();
  ASSIGN_OR_RETURN(Row row, decode(*bytes));
  return std::optional<Row>(std::move(row));
}

Status Missing(std::string_view what, const MemoryRef& ref) {
  return Corruption(std::string(what) + " of slot " + std::to_string(ref.slot.value) + " version " +
                    std::to_string(ref.version.value) + " is missing");
}

// A memory with the attribute row it came from.
struct FullRow {
  Memory memory;
  AttributeRow attributes;
};

Result<std::vector<FullRow>> ReadFullRows(const KvReader& ns, const std::vector<MemoryRef>& refs,
                                          const Include& include) {
  const bool wants_content = include.text || include.fields || include.vectors;
  std::vector<std::string> all_keys;
  all_keys.reserve(refs.size() * 3);
  for (const MemoryRef& ref : refs) all_keys.push_back(Key(keys::kAttributes).Add(ref.slot).Add(ref.version));
  for (const MemoryRef& ref : refs) all_keys.push_back(Key(keys::kState).Add(ref.node));
  if (wants_content) {
    for (const MemoryRef& ref : refs) all_keys.push_back(Key(keys::kContent).Add(ref.slot));
  }
  ASSIGN_OR_RETURN(const auto values, ns.MultiGet(all_keys));
  std::vector<FullRow> rows(refs.size());
  for (size_t i = 0; i < refs.size(); ++i) {
    FullRow& row = rows[i];
    row.memory.id = refs[i].id;
    row.memory.version = refs[i].version;
    if (!values[i]) return Missing("the attribute row", refs[i]);
    ASSIGN_OR_RETURN(row.attributes, DecodeAttributes(*values[i]));
    row.memory.attributes = row.attributes.attributes;
    if (const auto& state = values[refs.size() + i]) {
      ASSIGN_OR_RETURN(row.memory.state, DecodeState(*state));
    }
    if (!wants_content) continue;
    const auto& content = values[2 * refs.size() + i];
    if (!content) return Missing("the content row", refs[i]);
    NodeNumber node;
    RETURN_IF_ERROR(DecodeContent(*content, include, &node, &row.memory.content));
  }
  return rows;
}

Status FillIds(const KvReader& ns, std::vector<MemoryRef>* refs) {
  std::vector<NodeNumber> nodes;
  nodes.reserve(refs->size());
  for (const MemoryRef& ref : *refs) nodes.push_back(ref.node);
  ASSIGN_OR_RETURN(std::vector<std::string> ids, ReadNodeIds(ns, nodes));
  for (size_t i = 0; i < ids.size(); ++i) (*refs)[i].id = std::move(ids[i]);
  return {};
}

// The hashes stand in the id rows, for current versions alone.
Status FillHashes(const KvReader& ns, std::vector<Memory>* memories) {
  std::vector<std::string> id_keys;
  id_keys.reserve(memories->size());
  for (const Memory& memory : *memories) id_keys.push_back(keys::Id(memory.id));
  ASSIGN_OR_RETURN(const auto values, ns.MultiGet(id_keys));
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) continue;
    ASSIGN_OR_RETURN(const IdRow row, DecodeIdRow(*values[i]));
    Memory& memory = (*memories)[i];
    if (row.is_memory && row.live && row.version == memory.version) memory.hash = row.hash;
  }
  return {};
}

}  // namespace

Result<std::optional<NamespaceHead>> ReadHead(const KvReader& ns) {
  return ReadRow<NamespaceHead>(ns, Key(keys::kHead), DecodeHead);
}

Result<NamespaceCounters> ReadCounters(const KvReader& ns) {
  ASSIGN_OR_RETURN(auto counters, ReadRow<NamespaceCounters>(ns, Key(keys::kCounters), DecodeCounters));
  return counters ? std::move(*counters) : NamespaceCounters();
}

Result<std::optional<IdRow>> FindId(const KvReader& ns, std::string_view id) {
  return ReadRow<IdRow>(ns, keys::Id(id), DecodeIdRow);
}

Result<std::vector<std::string>> ReadNodeIds(const KvReader& ns, const std::vector<NodeNumber>& nodes) {
  std::vector<std::string> node_keys;
  node_keys.reserve(nodes.size());
  for (const NodeNumber node : nodes) node_keys.push_back(Key(keys::kNode).Add(node));
  ASSIGN_OR_RETURN(auto values, ns.MultiGet(node_keys));
  std::vector<std::string> ids;
  ids.reserve(values.size());
  for (auto& value : values) ids.push_back(value ? std::move(*value) : std::string());
  return ids;
}

Result<std::optional<StateRecord>> ReadState(const KvReader& ns, NodeNumber node) {
  return ReadRow<StateRecord>(ns, Key(keys::kState).Add(node), DecodeState);
}

Result<Memory> ReadMemory(const KvReader& ns, std::string_view id, const IdRow& row, const Include& include) {
  ASSIGN_OR_RETURN(auto rows, ReadFullRows(ns, {{std::string(id), row.node, row.slot, row.version}}, include));
  rows[0].memory.hash = row.hash;
  return std::move(rows[0].memory);
}

Result<std::optional<LastKnown>> ReadLastKnown(const KvReader& ns, const IdRow& row) {
  Version version = row.version;
  if (!row.live) {
    ASSIGN_OR_RETURN(const auto end,
                     ReadRow<VersionRow>(ns, Key(keys::kVersion).Add(row.node).Add(row.version), DecodeVersion));
    if (!end) return Corruption("the last version row of a deleted memory is missing");
    version = end->attributes;
  }
  ASSIGN_OR_RETURN(auto attributes,
                   ReadRow<AttributeRow>(ns, Key(keys::kAttributes).Add(row.slot).Add(version), DecodeAttributes));
  if (!attributes) return std::optional<LastKnown>();
  ASSIGN_OR_RETURN(auto state, ReadState(ns, row.node));
  return std::optional<LastKnown>({std::move(attributes->attributes), state.value_or(StateRecord())});
}

Result<std::vector<Memory>> ReadMemories(const KvReader& ns, const std::vector<MemoryRef>& refs,
                                         const Include& include) {
  ASSIGN_OR_RETURN(auto rows, ReadFullRows(ns, refs, include));
  std::vector<Memory> memories;
  memories.reserve(rows.size());
  for (FullRow& row : rows) memories.push_back(std::move(row.memory));
  if (include.hash) RETURN_IF_ERROR(FillHashes(ns, &memories));
  return memories;
}

Result<std::optional<uint32_t>> FindRunNumber(const KvReader& ns, const Scopes& scopes) {
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes, ns.Get(keys::Run(scopes)));
  if (!bytes) return std::optional<uint32_t>();
  ByteReader in(*bytes);
  const uint32_t run = in.Key32();
  RETURN_IF_ERROR(in.Finish("run number"));
  return std::optional<uint32_t>(run);
}

Result<std::optional<RunRow>> ReadRun(const KvReader& ns, uint32_t run) {
  return ReadRow<RunRow>(ns, Key(keys::kRunByNumber).AddRun(run), DecodeRun);
}

Run AsRun(RunRow row) {
  Run run;
  run.scopes = std::move(row.scopes);
  run.metadata = std::move(row.metadata);
  run.ttl_seconds = row.ttl_seconds;
  run.created_at = row.created_at;
  run.last_activity = row.last_activity;
  run.expires_at = row.expires_at;
  run.memories = row.memories;
  return run;
}

NamespaceInfo AsNamespaceInfo(NamespaceHead head, const NamespaceCounters& counters) {
  NamespaceInfo info;
  info.name = std::move(head.name);
  info.config = std::move(head.config);
  info.created_at = head.created_at;
  info.position = counters.position;
  info.memories = counters.memories;
  info.edges = counters.edges;
  info.nodes = counters.nodes;
  info.runs = counters.runs;
  info.former_versions = counters.former_versions;
  info.bytes = counters.bytes;
  info.memories_digest = counters.memories_digest;
  info.edges_digest = counters.edges_digest;
  info.nodes_digest = counters.nodes_digest;
  return info;
}

bool IsExpired(const StateRecord& state, const std::optional<RunRow>& run, Timestamp now) {
  if (state.expires_at && *state.expires_at <= now) return true;
  return run && run->expires_at && *run->expires_at <= now;
}

Result<bool> IsExpired(const KvReader& ns, const IdRow& row, Timestamp now) {
  ASSIGN_OR_RETURN(const auto state, ReadState(ns, row.node));
  std::optional<RunRow> run;
  if (row.run) {
    ASSIGN_OR_RETURN(run, ReadRun(ns, *row.run));
  }
  return IsExpired(state.value_or(StateRecord()), run, now);
}

Result<std::vector<MemoryRef>> ReadLiveRefs(const KvReader& ns) {
  std::vector<MemoryRef> refs;
  const auto it = ns.ScanPrefix(std::string(1, keys::kId));
  for (; it->Valid(); it->Next()) {
    ASSIGN_OR_RETURN(const IdRow row, DecodeIdRow(it->value()));
    if (!row.is_memory || !row.live) continue;
    refs.push_back({std::string(), row.node, row.slot, row.version});
  }
  RETURN_IF_ERROR(it->status());
  std::sort(refs.begin(), refs.end(), [](const MemoryRef& a, const MemoryRef& b) { return a.slot < b.slot; });
  return refs;
}

Status VisitLiveMemories(const KvReader& ns, const std::function<bool(IndexEvent)>& visit) {
  ASSIGN_OR_RETURN(const std::vector<MemoryRef> refs, ReadLiveRefs(ns));
  LiveRows rows(ns);
  for (const MemoryRef& ref : refs) {
    ASSIGN_OR_RETURN(ContentAdded added, rows.Read(ref, true));
    if (!visit(std::move(added))) return {};
  }
  return VisitExpiringRuns(ns, visit);
}

Status VisitExpiringRuns(const KvReader& ns, const std::function<bool(IndexEvent)>& visit) {
  const auto it = ns.ScanPrefix(std::string(1, keys::kRunByNumber));
  for (; it->Valid(); it->Next()) {
    ASSIGN_OR_RETURN(const RunRow run, DecodeRun(it->value()));
    if (!run.expires_at) continue;
    ByteReader in(it->key().substr(1));
    if (!visit(RunChanged{in.Key32(), run.expires_at, false})) return {};
  }
  return it->status();
}

Status VisitMemoriesAt(const KvReader& ns, Timestamp time, const std::function<bool(VersionAt)>& visit) {
  // Rows are ordered by (node, version), so the last one seen at or before `time` is the current one.
  std::vector<MemoryRef> refs;
  std::vector<bool> ended;  // as VersionAt::life_ended
  bool seen = false;
  bool ends = false;
  VersionRow last;
  NodeNumber node;
  const auto is_alive = [](const VersionRow& row) {
    return row.kind == HistoryEvent::Kind::kAdd || row.kind == HistoryEvent::Kind::kUpdate;
  };
  const auto finish = [&] {
    if (seen && is_alive(last)) {
      refs.push_back({std::string(), node, last.slot, last.attributes});
      ended.push_back(ends);
    }
    seen = ends = false;
  };
  const auto it = ns.ScanPrefix(std::string(1, keys::kVersion));
  for (; it->Valid(); it->Next()) {
    ByteReader key(it->key().substr(1));
    const NodeNumber of(key.Key32());
    ASSIGN_OR_RETURN(const VersionRow row, DecodeVersion(it->value()));
    if (of != node) finish();
    node = of;
    if (row.time > time) {
      ends = ends || !is_alive(row);
      continue;
    }
    last = row;
    seen = true;
  }
  RETURN_IF_ERROR(it->status());
  finish();
  for (size_t begin = 0; begin < refs.size(); begin += kScanChunk) {
    const size_t end = std::min(begin + kScanChunk, refs.size());
    std::vector<MemoryRef> chunk(refs.begin() + static_cast<ptrdiff_t>(begin),
                                 refs.begin() + static_cast<ptrdiff_t>(end));
    RETURN_IF_ERROR(FillIds(ns, &chunk));
    std::vector<std::string> attribute_keys;
    for (const MemoryRef& ref : chunk) attribute_keys.push_back(Key(keys::kAttributes).Add(ref.slot).Add(ref.version));
    ASSIGN_OR_RETURN(const auto values, ns.MultiGet(attribute_keys));
    for (size_t i = 0; i < chunk.size(); ++i) {
      if (!values[i]) return Missing("the attribute row", chunk[i]);
      ASSIGN_OR_RETURN(AttributeRow row, DecodeAttributes(*values[i]));
      if (!visit({std::move(chunk[i]), std::move(row), ended[begin + i]})) return {};
    }
  }
  return {};
}

}  // namespace engram
