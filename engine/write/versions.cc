#include "engine/write/versions.h"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "engine/canonical.h"
#include "engine/write/erasures.h"
#include "engine/write/graph_writes.h"
#include "engine/write/imports.h"
#include "engine/write/runs.h"
#include "graph/edge_store.h"
#include "index/attribute/attribute_index.h"

namespace engram {
namespace {

using keys::Key;

void PutExpiry(Transaction& tx, NodeNumber node, const std::optional<Timestamp>& before,
               const std::optional<Timestamp>& after) {
  if (before == after) return;
  keys::Expiry expiry{{}, tx.tenant(), tx.ns(), false, node.value};
  if (before) {
    expiry.time = *before;
    tx.system().batch.Delete(keys::EncodeExpiry(expiry));
  }
  if (after) {
    expiry.time = *after;
    tx.system().batch.Put(keys::EncodeExpiry(expiry), "");
  }
}

// Registers the metadata paths that the namespace has not seen yet.
Status PutPaths(Transaction& tx, const Value::Object& metadata) {
  AttributeFields fields;
  FlattenMetadata(metadata, &fields);
  for (const auto& [path, value] : fields) {
    const std::string key = Key(keys::kPath).AddRaw(path);
    ASSIGN_OR_RETURN(const auto known, tx.rows().Get(key));
    if (known) continue;
    if (tx.counters.paths >= kAttributePathsMax) {
      return Unprocessable(fmt::format("\"{}\" would be attribute path {} of the namespace, more than {}", path,
                                       tx.counters.paths + 1, kAttributePathsMax))
          .At("metadata");
    }
    tx.batch().Put(key, "");
    ++tx.counters.paths;
  }
  return {};
}

// Forgets the paths once no memory is left that could have them.
Status ReleasePaths(Transaction& tx) {
  if (tx.counters.memories > 0 || tx.counters.former_versions > 0 || tx.counters.paths == 0) return {};
  std::vector<std::string> paths;
  const auto it = tx.rows().ScanPrefix(std::string(1, keys::kPath));
  for (; it->Valid(); it->Next()) paths.emplace_back(it->key());
  RETURN_IF_ERROR(it->status());
  for (const std::string& path : paths) tx.batch().Delete(path);
  tx.counters.paths = 0;
  return {};
}

void PutRow(Transaction& tx, const std::string& key, const std::string& row) {
  tx.batch().Put(key, row);
  tx.counters.bytes += row.size();
}

// Deletes a row that the byte count includes.
Status DeleteRow(Transaction& tx, const std::string& key) {
  ASSIGN_OR_RETURN(const auto row, tx.rows().Get(key));
  if (!row) return {};
  tx.counters.bytes -= std::min<uint64_t>(tx.counters.bytes, row->size());
  tx.batch().Delete(key);
  return {};
}

struct NumberedVersion {
  Version version;
  VersionRow row;
  bool has_attributes() const {
    return row.kind == HistoryEvent::Kind::kAdd || row.kind == HistoryEvent::Kind::kUpdate;
  }
};

Result<std::vector<NumberedVersion>> ReadVersions(const KvReader& rows, NodeNumber node) {
  std::vector<NumberedVersion> versions;
  const auto it = rows.ScanPrefix(Key(keys::kVersion).Add(node).str());
  for (; it->Valid(); it->Next()) {
    ByteReader key(it->key().substr(5));
    NumberedVersion numbered;
    numbered.version = Version(key.Key64());
    ASSIGN_OR_RETURN(numbered.row, DecodeVersion(it->value()));
    versions.push_back(numbered);
  }
  RETURN_IF_ERROR(it->status());
  return versions;
}

// Removes the first `n` of `versions`, and contents that no later one refers to.
Status RemoveVersions(Transaction& tx, NodeNumber node, const std::vector<NumberedVersion>& versions, size_t n) {
  for (size_t i = 0; i < n; ++i) {
    const NumberedVersion& old = versions[i];
    tx.batch().Delete(Key(keys::kVersion).Add(node).Add(old.version));
    if (!old.has_attributes()) continue;
    RETURN_IF_ERROR(DeleteRow(tx, Key(keys::kAttributes).Add(old.row.slot).Add(old.row.attributes)));
    const bool slot_lives_on =
        std::any_of(versions.begin() + static_cast<ptrdiff_t>(i) + 1, versions.end(),
                    [&](const NumberedVersion& v) { return v.has_attributes() && v.row.slot == old.row.slot; });
    if (!slot_lives_on) RETURN_IF_ERROR(DeleteRow(tx, Key(keys::kContent).Add(old.row.slot)));
  }
  return {};
}

// Keeps the newest former versions that the policy allows. The last row is the current one.
Status TrimHistory(Transaction& tx, NodeNumber node) {
  const uint32_t keep = tx.head.config.history_versions;
  if (keep == kHistoryKeepAll) return {};
  ASSIGN_OR_RETURN(const auto versions, ReadVersions(tx.rows(), node));
  const size_t former = versions.empty() ? 0 : versions.size() - 1;
  if (former <= keep) return {};
  const size_t excess = former - keep;
  tx.counters.former_versions -= std::min<uint64_t>(tx.counters.former_versions, excess);
  return RemoveVersions(tx, node, versions, excess);
}

Status CheckRoom(const Transaction& tx) {
  constexpr uint32_t kMax = std::numeric_limits<uint32_t>::max() - 1;
  if (tx.counters.next_slot.value >= kMax || tx.counters.next_node.value >= kMax) {
    return Unprocessable("the namespace has used up its 2^32 slots: copy it to a new one");
  }
  return {};
}

IndexedRow AsIndexedRow(const std::string& id, const IdRow& row, const AttributeRow& attributes) {
  IndexedRow indexed;
  indexed.slot = row.slot;
  indexed.node = row.node;
  indexed.id = id;
  indexed.version = row.version;
  indexed.run = row.run;
  indexed.order = {EventTime(attributes.attributes), attributes.position, attributes.place};
  return indexed;
}

void PutIdRow(Transaction& tx, const std::string& id, const IdRow& row) {
  tx.batch().Put(keys::Id(id), EncodeIdRow(row));
}

void PutVersionRow(Transaction& tx, const IdRow& row, HistoryEvent::Kind kind, Timestamp time) {
  tx.batch().Put(Key(keys::kVersion).Add(row.node).Add(row.version),
                 EncodeVersion({kind, row.slot, row.version, time}));
}

// Takes an implicit entity's number over for a memory.
Status TakeOverEntity(Transaction& tx, const std::string& id, const IdRow& entity) {
  const std::string key = Key(keys::kEntity).Add(entity.node);
  ASSIGN_OR_RETURN(const auto bytes, tx.rows().Get(key));
  if (bytes) {
    ASSIGN_OR_RETURN(Node node, DecodeNode(*bytes));
    node.id = id;
    tx.counters.nodes_digest -= NodeDigest(node);
  }
  --tx.counters.nodes;
  tx.batch().Delete(key);
  return {};
}

// The id row that a new version starts from: the live one, a tombstone's, a taken-over entity's or a new one.
Result<IdRow> BaseRow(Transaction& tx, const std::string& id, const std::optional<CurrentMemory>& before) {
  if (before) return before->row;
  ASSIGN_OR_RETURN(const auto found, FindId(tx.rows(), id));
  if (found && found->is_memory) return *found;
  IdRow row;
  if (found) {
    RETURN_IF_ERROR(TakeOverEntity(tx, id, *found));
    row.node = found->node;
  } else {
    ASSIGN_OR_RETURN(row.node, NewNode(tx, id));
  }
  return row;
}

// Leaves the "H" row of the old content and enters the new one's, when the namespace wants duplicates found.
void PutDuplicateHash(Transaction& tx, const Scopes& scopes, const Content& content, IdRow* row) {
  if (row->duplicate_hash) tx.batch().Delete(keys::Duplicate(*row->duplicate_hash, row->node));
  row->duplicate_hash.reset();
  if (tx.head.config.deduplicate == Deduplicate::kNone) return;
  row->duplicate_hash = DuplicateHash(scopes, content);
  tx.batch().Put(keys::Duplicate(*row->duplicate_hash, row->node), "");
}

Status RetireEdges(Transaction& tx, NodeNumber node) {
  ASSIGN_OR_RETURN(const auto changes, RetireEdgesOf(tx.rows(), node, tx.log_time(), tx.batch()));
  for (const EdgeChange& change : changes) TellEdgeChange(tx, change);
  return {};
}

// What a live memory holds outside its version rows: index entry, digest, run, expiry, state.
Status LeaveLiveRows(Transaction& tx, const CurrentMemory& before) {
  tx.Tell(SlotRemoved{before.row.slot, before.row.node});
  tx.counters.memories_digest -= before.row.hash;
  --tx.counters.memories;
  PutExpiry(tx, before.row.node, before.state.expires_at, std::nullopt);
  tx.batch().Delete(Key(keys::kState).Add(before.row.node));
  if (before.row.duplicate_hash) tx.batch().Delete(keys::Duplicate(*before.row.duplicate_hash, before.row.node));
  if (before.row.run) RETURN_IF_ERROR(LeaveRun(tx, *before.row.run, before.row.node));
  return {};
}

// Takes away what the live memory holds and every version, live or not.
Status RemoveLife(Transaction& tx, const IdRow& row) {
  if (row.live) {
    CurrentMemory before;
    before.row = row;
    ASSIGN_OR_RETURN(const auto state, ReadState(tx.rows(), row.node));
    before.state = state.value_or(StateRecord());
    RETURN_IF_ERROR(LeaveLiveRows(tx, before));
  }
  ASSIGN_OR_RETURN(const auto versions, ReadVersions(tx.rows(), row.node));
  RETURN_IF_ERROR(RemoveVersions(tx, row.node, versions, versions.size()));
  const uint64_t former = versions.empty() ? 0 : versions.size() - 1;
  tx.counters.former_versions -= std::min(tx.counters.former_versions, former);
  return {};
}

// What the rows have as live, due or not.
struct LiveMemory {
  CurrentMemory memory;
  std::optional<RunRow> run;
};

Result<LiveMemory> ReadLive(Transaction& tx, std::string_view id, const IdRow& row) {
  LiveMemory live;
  live.memory.row = row;
  ASSIGN_OR_RETURN(const auto state, ReadState(tx.rows(), row.node));
  live.memory.state = state.value_or(StateRecord());
  if (row.run) {
    ASSIGN_OR_RETURN(live.run, ReadRun(tx.rows(), *row.run));
  }
  ASSIGN_OR_RETURN(const auto bytes, tx.rows().Get(Key(keys::kAttributes).Add(row.slot).Add(row.version)));
  if (!bytes) return Corruption(fmt::format("the attribute row of \"{}\" is missing", id));
  ASSIGN_OR_RETURN(live.memory.attributes, DecodeAttributes(*bytes));
  return live;
}

}  // namespace

Result<std::optional<CurrentMemory>> FindCurrent(Transaction& tx, std::string_view id) {
  ASSIGN_OR_RETURN(const auto row, FindId(tx.rows(), id));
  if (row && !row->is_memory && !row->implicit) {
    return AlreadyExists(fmt::format("\"{}\" is a named entity, so it can't be a memory too", id)).At("id");
  }
  if (!row || !row->is_memory || !row->live) return std::optional<CurrentMemory>();
  ASSIGN_OR_RETURN(LiveMemory live, ReadLive(tx, id, *row));
  if (IsExpired(live.memory.state, live.run, tx.log_time())) return std::optional<CurrentMemory>();
  return std::optional<CurrentMemory>(std::move(live.memory));
}

Result<bool> EndIfDue(Transaction& tx, const std::string& id) {
  ASSIGN_OR_RETURN(const auto row, FindId(tx.rows(), id));
  if (!row || !row->is_memory || !row->live) return false;
  ASSIGN_OR_RETURN(const LiveMemory live, ReadLive(tx, id, *row));
  if (!IsExpired(live.memory.state, live.run, tx.log_time())) return false;
  const bool deleted = live.run && live.run->deleted;
  RETURN_IF_ERROR(EndLife(tx, id, live.memory, deleted ? HistoryEvent::Kind::kDelete : HistoryEvent::Kind::kExpire));
  return true;
}

Result<Version> PutVersion(Transaction& tx, const std::string& id, const std::optional<CurrentMemory>& before,
                           NextVersion next) {
  RETURN_IF_ERROR(CheckRoom(tx));
  RETURN_IF_ERROR(CheckDepth(next.attributes.metadata));
  RETURN_IF_ERROR(PutPaths(tx, next.attributes.metadata));
  ASSIGN_OR_RETURN(IdRow row, BaseRow(tx, id, before));
  const bool had_versions = row.version.value > 0;
  const std::optional<Slot> old_slot = before ? std::optional<Slot>(before->row.slot) : std::nullopt;
  row.is_memory = true;
  row.implicit = false;
  row.live = true;
  row.version = next.version.value_or(row.version.Next());
  if (next.source_version) row.source_version = next.source_version;
  if (before) {
    tx.counters.memories_digest -= before->row.hash;
  } else {
    ++tx.counters.memories;
    row.run.reset();
    row.duplicate_hash.reset();
  }
  if (had_versions) ++tx.counters.former_versions;

  AttributeRow attributes;
  attributes.node = row.node;
  if (before) {
    attributes.run = before->attributes.run;
    attributes.position = before->attributes.position;
    attributes.place = before->attributes.place;
  } else {
    attributes.position = tx.position;
    attributes.place = tx.place;
    if (!next.attributes.scopes.run_id.empty()) {
      ASSIGN_OR_RETURN(attributes.run, EnterRun(tx, next.attributes.scopes, row.node));
    }
    row.run = attributes.run;
  }
  if (before && row.run) RETURN_IF_ERROR(RenewRun(tx, *row.run));
  attributes.attributes = std::move(next.attributes);

  if (next.content) {
    row.slot = tx.counters.next_slot;
    tx.counters.next_slot = row.slot.Next();
    row.content_hash = ContentHash(*next.content);
    PutDuplicateHash(tx, attributes.attributes.scopes, *next.content, &row);
    PutRow(tx, Key(keys::kContent).Add(row.slot), EncodeContent(row.node, *next.content));
  }
  row.hash = MemoryHash(id, row.content_hash, attributes.attributes, next.state);
  tx.counters.memories_digest += row.hash;
  PutRow(tx, Key(keys::kAttributes).Add(row.slot).Add(row.version), EncodeAttributes(attributes));
  const bool is_update = before || next.follows_import;
  PutVersionRow(tx, row, is_update ? HistoryEvent::Kind::kUpdate : HistoryEvent::Kind::kAdd,
                attributes.attributes.updated_at);
  PutExpiry(tx, row.node, before ? before->state.expires_at : std::nullopt, next.state.expires_at);
  tx.batch().Put(Key(keys::kState).Add(row.node), EncodeState(next.state));
  PutIdRow(tx, id, row);

  const IndexedRow indexed = AsIndexedRow(id, row, attributes);
  if (next.content) {
    tx.Tell(ContentAdded{indexed, old_slot, std::make_shared<const Content>(std::move(*next.content)),
                         std::move(attributes.attributes), std::move(next.state)});
  } else {
    tx.Tell(AttributesChanged{indexed, std::move(attributes.attributes), std::move(next.state)});
  }
  RETURN_IF_ERROR(TrimHistory(tx, row.node));
  return row.version;
}

Status PutImportedEnd(Transaction& tx, const std::string& id, const ImportedVersion& end) {
  ASSIGN_OR_RETURN(IdRow row, BaseRow(tx, id, std::nullopt));
  const Version ended = row.version;
  if (ended.value > 0) {
    ++tx.counters.former_versions;
  } else {
    // What it ended was trimmed: a slot of its own, so that it refers to nobody else's rows.
    RETURN_IF_ERROR(CheckRoom(tx));
    row.slot = tx.counters.next_slot;
    tx.counters.next_slot = row.slot.Next();
  }
  row.is_memory = true;
  row.implicit = false;
  row.live = false;
  row.version = end.version;
  const bool expired = end.event == ImportedVersion::Event::kExpired;
  const auto kind = expired ? HistoryEvent::Kind::kExpire : HistoryEvent::Kind::kDelete;
  tx.batch().Put(Key(keys::kVersion).Add(row.node).Add(row.version),
                 EncodeVersion({kind, row.slot, ended, end.attributes.updated_at}));
  PutIdRow(tx, id, row);
  return {};
}

Status PutImportedVersion(Transaction& tx, const std::string& id, HistoryEvent::Kind kind,
                          const ImportedVersion& version) {
  RETURN_IF_ERROR(CheckRoom(tx));
  RETURN_IF_ERROR(CheckDepth(version.attributes.metadata));
  RETURN_IF_ERROR(PutPaths(tx, version.attributes.metadata));
  ASSIGN_OR_RETURN(IdRow row, BaseRow(tx, id, std::nullopt));
  if (row.version.value > 0) ++tx.counters.former_versions;
  row.is_memory = true;
  row.implicit = false;
  row.live = false;
  row.version = version.version;
  row.slot = tx.counters.next_slot;
  tx.counters.next_slot = row.slot.Next();
  AttributeRow attributes;
  attributes.node = row.node;
  attributes.position = tx.position;
  attributes.place = tx.place;
  attributes.attributes = version.attributes;
  PutRow(tx, Key(keys::kContent).Add(row.slot), EncodeContent(row.node, version.content));
  PutRow(tx, Key(keys::kAttributes).Add(row.slot).Add(row.version), EncodeAttributes(attributes));
  PutVersionRow(tx, row, kind, version.attributes.updated_at);
  PutIdRow(tx, id, row);
  return {};
}

Status SealTombstone(Transaction& tx, const std::string& id, std::optional<uint64_t> source_version) {
  ASSIGN_OR_RETURN(auto row, FindId(tx.rows(), id));
  ENGRAM_CHECK(row && row->is_memory && !row->live);
  row->source_version = source_version;
  PutIdRow(tx, id, *row);
  return TrimHistory(tx, row->node);
}

Result<bool> PutState(Transaction& tx, const std::string& id, const CurrentMemory& before, const StateRecord& state) {
  if (state == before.state) return false;
  PutExpiry(tx, before.row.node, before.state.expires_at, state.expires_at);
  tx.batch().Put(Key(keys::kState).Add(before.row.node), EncodeState(state));
  IdRow row = before.row;
  row.hash = MemoryHash(id, row.content_hash, before.attributes.attributes, state);
  if (row.hash != before.row.hash) {
    tx.counters.memories_digest -= before.row.hash;
    tx.counters.memories_digest += row.hash;
    PutIdRow(tx, id, row);
  }
  tx.Tell(StateChanged{row.node, row.slot, state});
  return true;
}

Status EndLife(Transaction& tx, const std::string& id, const CurrentMemory& before, HistoryEvent::Kind kind) {
  if (kind == HistoryEvent::Kind::kExpire && tx.head.config.on_expiry == OnExpiry::kErase) {
    ASSIGN_OR_RETURN(const bool erased, EraseMemory(tx, id));
    ENGRAM_CHECK(erased);
    return {};
  }
  RETURN_IF_ERROR(LeaveLiveRows(tx, before));
  RETURN_IF_ERROR(RetireEdges(tx, before.row.node));
  IdRow row = before.row;
  const Version ended = row.version;
  row.live = false;
  row.version = ended.Next();
  row.run.reset();
  row.duplicate_hash.reset();
  ++tx.counters.former_versions;
  tx.batch().Put(Key(keys::kVersion).Add(row.node).Add(row.version),
                 EncodeVersion({kind, row.slot, ended, tx.log_time()}));
  PutIdRow(tx, id, row);
  RETURN_IF_ERROR(TrimHistory(tx, row.node));
  return ReleasePaths(tx);
}

Status ForgetVersions(Transaction& tx, const std::string& id) {
  ASSIGN_OR_RETURN(const auto row, FindId(tx.rows(), id));
  ENGRAM_CHECK(row && row->is_memory && row->live);
  RETURN_IF_ERROR(RemoveLife(tx, *row));
  IdRow forgotten;
  forgotten.node = row->node;
  forgotten.live = false;
  PutIdRow(tx, id, forgotten);
  return {};
}

Result<bool> EraseMemory(Transaction& tx, const std::string& id) {
  ASSIGN_OR_RETURN(const auto row, FindId(tx.rows(), id));
  if (!row || !row->is_memory) return false;
  RETURN_IF_ERROR(RemoveLife(tx, *row));
  ASSIGN_OR_RETURN(const auto edges, EraseEdgesOf(tx.rows(), row->node, tx.batch()));
  for (const Edge& edge : edges) {
    --tx.counters.edges;
    tx.counters.edges_digest -= EdgeDigest(edge);
  }
  RETURN_IF_ERROR(ForgetImportedEdges(tx, edges));
  tx.Tell(EdgesErased{});
  tx.batch().Delete(Key(keys::kNode).Add(row->node));
  tx.batch().Delete(keys::Id(id));
  tx.erased_ids.push_back(id);
  RETURN_IF_ERROR(
      NoteErasure(tx.system(), Erasure::OfMemory(tx.tenant(), tx.ns(), row->node, tx.position, tx.log_time())));
  tx.counters.erased_at = tx.position;
  RETURN_IF_ERROR(ReleasePaths(tx));
  return true;
}

Result<NodeNumber> NewNode(Transaction& tx, std::string_view id) {
  RETURN_IF_ERROR(CheckRoom(tx));
  const NodeNumber node = tx.counters.next_node;
  tx.counters.next_node = node.Next();
  tx.batch().Put(Key(keys::kNode).Add(node), id);
  return node;
}

StateRecord ChangedState(const StateRecord& state, const StateChange& change, Timestamp log_time) {
  StateRecord changed = state;
  if (change.ttl_seconds) {
    changed.ttl_seconds = *change.ttl_seconds;
    changed.expires_at.reset();
    if (changed.ttl_seconds) {
      const auto seconds = static_cast<int64_t>(std::min<uint64_t>(*changed.ttl_seconds, INT64_MAX));
      changed.expires_at = log_time.PlusSeconds(seconds);
    }
  }
  if (change.expires_at) {
    changed.expires_at = *change.expires_at;
    if (!change.ttl_seconds) changed.ttl_seconds.reset();
  }
  if (change.refresh_ttl_on_read) changed.refresh_ttl_on_read = *change.refresh_ttl_on_read;
  if (change.importance) changed.importance = *change.importance;
  if (change.pinned) changed.pinned = *change.pinned;
  if (change.access_count) changed.access_count = *change.access_count;
  if (change.last_access) changed.last_access = *change.last_access;
  if (change.used) changed.used = *change.used;
  if (change.helpful) changed.helpful = *change.helpful;
  if (change.harmful) changed.harmful = *change.harmful;
  return changed;
}

}  // namespace engram
