// The rows of one namespace and how to read them. Readers are scoped to the namespace (base/kv.h), so
// nothing here can see another's. Value formats: docs/formats.md; every record starts with a format byte.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/ids.h"
#include "base/kv.h"
#include "base/status.h"
#include "engine/config.h"
#include "engine/engine.h"
#include "engine/memory.h"
#include "engine/mutation.h"
#include "engine/publication.h"

namespace engram {

// What an id is: a memory (live, or a tombstone that remembers its last version) or a named entity.
struct IdRow {
  NodeNumber node;
  bool is_memory = true;
  bool live = true;  // memories: false after a delete
  Slot slot;         // memories: of the current, or last, version
  Version version;   // memories: current or last
  std::optional<uint64_t> source_version;
  std::optional<uint32_t> run;
  Hash128 content_hash;                   // of the current content (canonical.h)
  Hash128 hash;                           // what the memory adds to the namespace's digest
  std::optional<Hash128> duplicate_hash;  // under which "H" row it stands, if it does
  bool implicit = false;                  // entities: made by an edge alone; a memory may still take the id over
};

// The attributes of one version, with what orders it in its run.
struct AttributeRow {
  NodeNumber node;
  Attributes attributes;
  std::optional<uint32_t> run;
  Position position;  // of the mutation that first put the memory into its run
  uint32_t place = 0;
};

struct VersionRow {
  HistoryEvent::Kind kind = HistoryEvent::Kind::kAdd;
  Slot slot;
  Version attributes;  // the version of the attribute row (an end of life refers to the row it ended)
  Timestamp time;
};

struct RunRow {
  Scopes scopes;  // without actor_id
  Value::Object metadata;
  std::optional<uint64_t> ttl_seconds;
  Timestamp created_at;
  Timestamp last_activity;
  std::optional<Timestamp> expires_at;
  bool deleted = false;  // its members are being swept as deleted, not as expired
  uint64_t memories = 0;
};

// What an import wrote, as it left it.
struct ImportedRow {
  bool replaced = false;  // something else stood there before
  bool kept = false;      // the rollback left it there
  Version version;        // memories and edges
  uint64_t hash = 0;      // nodes and runs: of what a user says of them
};

struct NamespaceHead {
  std::string name;
  Timestamp created_at;
  NamespaceConfig config;
};

struct NamespaceCounters {
  Position position;
  Slot next_slot;
  NodeNumber next_node;
  uint32_t next_run = 0;
  uint64_t memories = 0;
  uint64_t edges = 0;
  uint64_t nodes = 0;
  uint64_t runs = 0;
  uint64_t former_versions = 0;
  uint64_t bytes = 0;
  uint64_t paths = 0;
  Position log_begin{1};  // the oldest kept log row
  Position erased_at;     // of the last mutation that erased a memory
  Timestamp log_time;     // of the last mutation
  Hash128 memories_digest;
  Hash128 edges_digest;
  Hash128 nodes_digest;
};

std::string EncodeContent(NodeNumber node, const Content& content);
Status DecodeContent(std::string_view bytes, const Include& include, NodeNumber* node, Content* content);
std::string EncodeAttributes(const AttributeRow& row);
Result<AttributeRow> DecodeAttributes(std::string_view bytes);
std::string EncodeState(const StateRecord& state);
Result<StateRecord> DecodeState(std::string_view bytes);
std::string EncodeIdRow(const IdRow& row);
Result<IdRow> DecodeIdRow(std::string_view bytes);
std::string EncodeVersion(const VersionRow& row);
Result<VersionRow> DecodeVersion(std::string_view bytes);
std::string EncodeRun(const RunRow& row);
Result<RunRow> DecodeRun(std::string_view bytes);
std::string EncodeNode(const Node& node);  // all but its id
Result<Node> DecodeNode(std::string_view bytes);
std::string EncodeHead(const NamespaceHead& head);
Result<NamespaceHead> DecodeHead(std::string_view bytes);
std::string EncodeCounters(const NamespaceCounters& counters);
Result<NamespaceCounters> DecodeCounters(std::string_view bytes);

std::string EncodeImport(const ImportStatus& status);  // all but its names
Result<ImportStatus> DecodeImport(std::string_view bytes);
std::string EncodeImported(const ImportedRow& row);
Result<ImportedRow> DecodeImported(std::string_view bytes);

// --- Reading. NotFound is never an error here: an optional says it.
Result<std::optional<NamespaceHead>> ReadHead(const KvReader& ns);
Result<NamespaceCounters> ReadCounters(const KvReader& ns);
Result<std::optional<IdRow>> FindId(const KvReader& ns, std::string_view id);
// The ids of node numbers, in their order; empty where one was erased.
Result<std::vector<std::string>> ReadNodeIds(const KvReader& ns, const std::vector<NodeNumber>& nodes);
Result<std::optional<StateRecord>> ReadState(const KvReader& ns, NodeNumber node);
// Of the current version of live ids, with its state record.
Result<Memory> ReadMemory(const KvReader& ns, std::string_view id, const IdRow& row, const Include& include);
// What a memory's current version, or after a delete its last one, said; nothing where history was trimmed away.
struct LastKnown {
  Attributes attributes;
  StateRecord state;  // ends with the life: empty after a delete
};
Result<std::optional<LastKnown>> ReadLastKnown(const KvReader& ns, const IdRow& row);
// Many by slot and version in three MultiGets. REQUIRES: the rows exist (Corruption otherwise).
struct MemoryRef {
  std::string id;
  NodeNumber node;
  Slot slot;
  Version version;
};
Result<std::vector<Memory>> ReadMemories(const KvReader& ns, const std::vector<MemoryRef>& refs,
                                         const Include& include);
// The number of the run with these scopes (actor_id aside).
Result<std::optional<uint32_t>> FindRunNumber(const KvReader& ns, const Scopes& scopes);
Result<std::optional<RunRow>> ReadRun(const KvReader& ns, uint32_t run);
Run AsRun(RunRow row);
// Says nothing of its indexes.
NamespaceInfo AsNamespaceInfo(NamespaceHead head, const NamespaceCounters& counters);

// Whether the memory, or its run, is due at `now`.
bool IsExpired(const StateRecord& state, const std::optional<RunRow>& run, Timestamp now);
// The same for an id row, reading what it needs.
Result<bool> IsExpired(const KvReader& ns, const IdRow& row, Timestamp now);

// Every live memory in ascending slot order, as the events that an empty index must see (ContentAdded), then
// every run with an expiry (RunChanged). Stops early when `visit` returns false.
Status VisitLiveMemories(const KvReader& ns, const std::function<bool(IndexEvent)>& visit);
// Who is there, without ids, in slot order (engine/live_rows.h reads the rest).
Result<std::vector<MemoryRef>> ReadLiveRefs(const KvReader& ns);
Status VisitExpiringRuns(const KvReader& ns, const std::function<bool(IndexEvent)>& visit);

// Versions of a memory that are current at `time` (for as_of): visits (ref, attributes row, its content when
// asked) of every memory that existed then and was not deleted.
struct VersionAt {
  MemoryRef ref;
  AttributeRow attributes;
  bool life_ended = false;  // after that time; what the id's state record says is not about this life
};
Status VisitMemoriesAt(const KvReader& ns, Timestamp time, const std::function<bool(VersionAt)>& visit);

}  // namespace engram
