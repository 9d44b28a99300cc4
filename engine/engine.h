// The engine: tenants, namespaces, one write path, one search path, over one directory.
//
// Thread-safe. Calls that read may load a namespace's indexes and so take a while the first time; they block,
// so callers keep them off threads that must not. A namespace may be named by an alias everywhere. A foreign
// tenant's id and a missing one give the same NotFound.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/status.h"
#include "engine/config.h"
#include "engine/import_state.h"
#include "engine/memory.h"
#include "engine/mutation.h"
#include "engine/search.h"
#include "engine/tenant.h"
#include "graph/edge_store.h"
#include "graph/pagerank.h"
#include "graph/traversal.h"
#include "index/attribute/attribute_index.h"

namespace engram {

class FileSystem;

enum class Durability : uint8_t {
  kSync,      // the reply comes after fdatasync
  kBuffered,  // survives kill -9; a power cut may lose the tail
};

struct EngineOptions {
  std::string data_dir;  // one process at a time
  bool create = true;    // false: NotFound unless the directory holds a store
  const Clock* clock = &Clock::Real();
  FileSystem* files = nullptr;  // every file is one of these, the rows' too; nullptr: the operating system's
  uint64_t index_memory_bytes = uint64_t{2} << 30;  // budget for loaded indexes, over all tenants
  // A namespace with so many memories, or bytes of text and vectors, beyond its segments gets another segment.
  uint64_t seal_rows = 4'000;
  uint64_t seal_bytes = uint64_t{16} << 20;
  uint64_t graph_rows = 8'000;  // vectors from which on segments get a graph
  // After so long without a write what is left unsealed of a namespace with segments is sealed as well; 0: never.
  std::chrono::milliseconds seal_rest{5'000};
  uint64_t block_cache_bytes = uint64_t{256} << 20;
  uint64_t write_buffer_bytes = uint64_t{64} << 20;  // of rows in memory before they become a file
  // With less free on its disk the store takes nothing that adds (OutOfSpace), with less than half of it nothing from
  // outside, with less than a quarter nothing at all: what is left is for finishing what was begun. 0: only the disk's
  // own limit counts, and a disk that is full to the last byte may stop the process.
  uint64_t min_free_bytes = uint64_t{256} << 20;
  uint32_t queue_mutations_max = 4096;  // waiting writers; beyond: RateLimited
  uint64_t queue_bytes_max = uint64_t{256} << 20;
  uint32_t group_mutations_max = 256;  // decided in one commit
  uint32_t position_waits_max = 256;   // reads that wait for a position; beyond: RateLimited
  int64_t log_retention_seconds = 7 * 86'400;
  int64_t idempotency_seconds = 86'400;
  std::chrono::milliseconds sweep_interval{1000};  // of the expiry sweep and touches; 0: only by SweepNow()
};

// Which namespace, for whom.
struct NamespaceRef {
  TenantId tenant;
  std::string name;
};

struct ReadOptions {
  // DeadlineExceeded at once when the namespace has not come so far: reads never wait for it, AwaitPosition does.
  std::optional<Position> min_position;
  std::optional<std::chrono::nanoseconds> deadline;  // on Clock::Monotonic(); DeadlineExceeded after it
};

struct IndexStatus {
  bool loaded = false;
  Position position;
  uint64_t memory_bytes = 0;
  // Of text and vectors.
  uint64_t segments = 0;
  uint64_t segment_bytes = 0;
  uint64_t unsealed = 0;  // memories in no segment yet
};

struct NamespaceInfo {
  std::string name;
  NamespaceConfig config;
  Timestamp created_at;
  Position position;
  uint64_t memories = 0;
  uint64_t edges = 0;
  uint64_t nodes = 0;  // named entities
  uint64_t runs = 0;
  uint64_t former_versions = 0;
  uint64_t bytes = 0;
  Hash128 memories_digest;
  Hash128 edges_digest;
  Hash128 nodes_digest;
  std::map<std::string, IndexStatus> indexes;
};

struct HistoryEvent {
  enum class Kind : uint8_t { kAdd = 0, kUpdate = 1, kDelete = 2, kExpire = 3 };  // never renumber
  Version version;
  Kind kind = Kind::kAdd;
  Timestamp time;
  Memory memory;  // the version this event made; for delete and expire the one it ended
  std::optional<std::string> old_text;
};

struct ListQuery {
  std::optional<Filter> filter;
  std::string order_by = "created_at";  // a filter field; ties by id
  bool descending = true;
  uint32_t limit = 100;
  std::string cursor;  // binary; from the page before
  Include include;
  bool include_expired = false;
};
struct MemoryPage {
  std::vector<Memory> memories;
  std::string next_cursor;
  uint64_t total = 0;
  Position position;
};

struct FacetQuery {
  std::string field;
  std::optional<Filter> filter;
  uint32_t limit = 100;
  std::string cursor;
  bool by_value = false;  // otherwise by count, greatest first
  std::string max_field;
};
struct FacetPage {
  std::vector<FacetValue> values;
  std::string next_cursor;
  Position position;
};

struct Run {
  Scopes scopes;
  Value::Object metadata;
  std::optional<uint64_t> ttl_seconds;
  Timestamp created_at;
  Timestamp last_activity;
  std::optional<Timestamp> expires_at;
  uint64_t memories = 0;
};
struct RunPage {
  std::vector<Run> runs;
  std::string next_cursor;
};

struct GetReply {
  std::vector<Memory> memories;  // in the order asked
  std::vector<std::string> missing;
  Position position;
};

// An edge with the ids of its ends.
struct NamedEdge {
  Edge edge;
  std::string source_id;
  std::string target_id;
  std::string memory_id;
};
struct NamedEdgePage {
  std::vector<NamedEdge> edges;
  std::string next_cursor;
};
struct ExportQuery {
  uint32_t limit = 100;  // of memories, nodes, runs or edges; a page of long texts ends earlier
  std::string cursor;    // binary; from the page before
  bool history = true;
  bool tombstones = false;               // memories that were deleted, too
  uint32_t history_versions_max = 1000;  // of one memory; older ones are left out
};
struct ExportedMemory {
  Memory memory;
  std::vector<HistoryEvent> history;  // before the current version, oldest first
};
// A memory that was deleted, with what its history keeps; the last event is its end.
struct ExportedTombstone {
  std::string id;
  Scopes scopes;  // where known
  std::optional<uint64_t> source_version;
  std::vector<HistoryEvent> history;
};
struct ExportedNode {
  Node node;
  bool implicit = false;  // made by an edge alone
};
// One kind of row at a time: memories in the order of ids, then nodes, runs and edges. May be empty before the end.
struct ExportPage {
  std::vector<ExportedMemory> memories;
  std::vector<ExportedTombstone> tombstones;  // among the memories, by their ids
  std::vector<ExportedNode> nodes;
  std::vector<Run> runs;
  std::vector<NamedEdge> edges;
  std::string next_cursor;
  uint64_t histories_cut = 0;  // memories that lost their oldest former versions to a limit
};

struct ChangesQuery {
  Position since;
  std::string cursor;    // binary; from the page before
  uint32_t limit = 100;  // of memories, there or not; a page of long texts ends earlier
  bool history = true;
  uint32_t history_versions_max = 1000;
};
// May be empty before the end.
struct ChangesPage {
  std::vector<ExportedMemory> memories;  // created, updated or with another state record since
  std::vector<ExportedTombstone> ended;  // not there any more
  uint64_t erased = 0;                   // ends of memories whose ids nobody knows any more
  uint64_t histories_cut = 0;
  std::string next_cursor;
  Position position;  // all that changed up to here was told by this page and those before it
};

// Edges that hold now (or at the time asked about) at a node.
struct Degrees {
  uint64_t out = 0;
  uint64_t in = 0;
};
struct NodeView {
  Node node;
  bool is_memory = false;  // then `node` holds the id alone
  Degrees degrees;
};

struct EdgeListQuery {
  std::string node_id;  // empty: all
  Direction direction = Direction::kBoth;
  std::vector<std::string> types;
  std::optional<Timestamp> as_of;
  bool include_retired = false;
  std::optional<Filter> filter;  // over EdgeFields
  uint32_t limit = 100;
  std::string cursor;
};

struct WalkRequest {
  std::vector<std::string> seeds;
  std::string target;  // paths only
  uint32_t hops = 1;
  std::vector<std::string> types;
  Direction direction = Direction::kBoth;
  std::optional<Filter> filter;  // over EdgeFields
  std::optional<Timestamp> as_of;
  uint32_t limit = 100;
};
struct ExpandReply {
  std::vector<std::pair<NodeView, uint32_t>> nodes;  // with distance
  std::vector<NamedEdge> edges;
  bool truncated = false;
};
struct PathReply {
  bool found = false;
  std::vector<std::string> nodes;
  std::vector<NamedEdge> edges;
  double cost = 0;
};
struct RankReply {
  std::vector<std::pair<std::string, double>> nodes;
  double residual = 0;
};

// A filter over edges: id, type, source, target, weight, scopes, memory_id, valid_from, valid_to,
// metadata.<path>. InvalidArgument as in ParseFilter.
Result<Filter> ParseEdgeFilter(const Value& filter);
AttributeFields EdgeFields(const NamedEdge& edge);

struct EngineStatus {
  uint64_t namespaces = 0;
  uint64_t namespaces_loaded = 0;
  uint64_t index_memory_bytes = 0;
  uint64_t queued_mutations = 0;
  uint64_t disk_bytes = 0;
  uint64_t disk_free_bytes = 0;
  bool out_of_space = false;  // writes are refused until there is more
  // Since the store was opened.
  uint64_t index_loads = 0;
  uint64_t index_evictions = 0;
  uint64_t segments_sealed = 0;  // stretches of memories that became files
  uint64_t segments_merged = 0;
  uint64_t sealing_failures = 0;
  uint64_t refused_for_space = 0;                      // writes
  uint64_t sealing_jobs = 0;                           // namespaces that wait for the sealer or are at it
  uint64_t namespaces_behind = 0;                      // whose writers wait (429) for the sealer
  std::vector<std::pair<std::string, double>> gauges;  // RocksDB's, named for /metrics
};

// What a check of one namespace against its rows found; empty when all is well.
struct CheckReport {
  std::vector<std::string> problems;
  uint64_t memories = 0;
};

struct TenantInfo {
  TenantRecord record;
  TenantUsage usage;
};

class Engine {
 public:
  // Unavailable when another process holds the directory; Corruption names the file.
  static Result<std::unique_ptr<Engine>> Open(const EngineOptions& options);
  // Refuses new writes, finishes those accepted, joins its threads.
  virtual ~Engine() = default;

  // --- Tenants and keys. Changed by mutations (MutationOf); never blocks, but for the creation.
  // The tenant with this name, made if `create`.
  virtual Result<TenantId> FindTenant(const std::string& name, bool create) = 0;
  // NotFound when there is none of this name.
  virtual Result<TenantInfo> DescribeTenant(const std::string& name) = 0;
  struct TenantPage {
    std::vector<TenantInfo> tenants;  // by name
    std::string next_cursor;
  };
  virtual Result<TenantPage> ListTenants(uint32_t limit, const std::string& cursor) = 0;
  // Oldest first, with those that are over.
  virtual Result<std::vector<ApiKey>> ListApiKeys(const std::string& tenant) = 0;
  // The key as the last commit left it, also when it is over; nothing when there is none.
  virtual std::optional<KnownKey> FindApiKey(std::string_view id) = 0;
  // Whether there are any, also such as are over.
  virtual bool HasApiKeys() = 0;

  // --- Writes.
  // `done` is called exactly once, from the committer's thread (from this one when refused at once): it must
  // not block. RateLimited when the queue is full.
  virtual void Submit(Mutation mutation, Durability durability, std::function<void(MutationResult)> done) = 0;
  // Submit and wait.
  MutationResult Write(Mutation mutation, Durability durability = Durability::kSync);

  struct FilterWriteReply {
    uint64_t changed = 0;
    Position position;
    bool replayed = false;  // a stored reply to the same idempotency key
  };
  // Resolves the filter at one view and changes at most 10,000 rows per mutation; the filter is re-checked on
  // each row. After an error part of it may be done (Applied::kUnknown) and the call may be repeated.
  virtual Result<FilterWriteReply> DeleteByFilter(const NamespaceRef& ns, const Filter& filter, bool erase,
                                                  Durability durability,
                                                  std::optional<Mutation::Idempotency> idempotency) = 0;
  virtual Result<FilterWriteReply> UpdateByFilter(const NamespaceRef& ns, const Filter& filter,
                                                  const UpdateMemory& change, Durability durability,
                                                  std::optional<Mutation::Idempotency> idempotency) = 0;
  virtual Result<FilterWriteReply> DeleteEdgesByFilter(const NamespaceRef& ns, const Filter& filter,
                                                       Durability durability,
                                                       std::optional<Mutation::Idempotency> idempotency) = 0;

  // --- Namespaces.
  // The namespace's number, never reused: what a position token is bound to. Cheap enough for every read.
  virtual Result<NamespaceId> FindNamespace(const NamespaceRef& ns) = 0;
  virtual Result<NamespaceInfo> DescribeNamespace(const NamespaceRef& ns, const ReadOptions& options) = 0;
  struct NamespacePage {
    std::vector<NamespaceInfo> namespaces;  // by name; without indexes' status
    std::string next_cursor;
  };
  virtual Result<NamespacePage> ListNamespaces(TenantId tenant, const std::string& prefix, uint32_t limit,
                                               const std::string& cursor) = 0;

  // --- Reads.
  // Calls `done` once the namespace has reached `position`, or with the reason why that is not waited for: see
  // PositionWaits::Await (position_waits.h). Holds no thread meanwhile; `done` must not block.
  virtual void AwaitPosition(TenantId tenant, NamespaceId ns, Position position, std::chrono::nanoseconds deadline,
                             std::function<void(engram::Status)> done) = 0;
  // For the end: all such waits are Unavailable now, those to come too.
  virtual void EndWaits() = 0;
  // For the end: the reads that run, and those to come, are Unavailable at their next look at the deadline.
  virtual void EndReads() = 0;
  virtual Result<GetReply> Get(const NamespaceRef& ns, const std::vector<std::string>& ids, const Include& include,
                               const ReadOptions& options) = 0;
  virtual Result<MemoryPage> List(const NamespaceRef& ns, const ListQuery& query, const ReadOptions& options) = 0;
  virtual Result<std::pair<uint64_t, Position>> Count(const NamespaceRef& ns, const std::optional<Filter>& filter,
                                                      const ReadOptions& options) = 0;
  virtual Result<FacetPage> Facet(const NamespaceRef& ns, const FacetQuery& query, const ReadOptions& options) = 0;
  virtual Result<std::vector<HistoryEvent>> History(const NamespaceRef& ns, const std::string& id) = 0;
  // `scopes` narrows down when several runs share the run_id; AlreadyExists when more than one is left.
  virtual Result<Run> FindRun(const NamespaceRef& ns, const Scopes& scopes) = 0;
  virtual Result<RunPage> ListRuns(const NamespaceRef& ns, const Scopes& scopes, uint32_t limit,
                                   const std::string& cursor) = 0;
  // Everything that is there, whatever its state: also what has expired where expiry only hides. Renews no TTL.
  virtual Result<ExportPage> Export(const NamespaceRef& ns, const ExportQuery& query, const ReadOptions& options) = 0;
  // Memories whose rows changed after `since`, in the order of the log, each as it is when its page is read. One that
  // changes meanwhile comes again: what came last of each id is what was there at the last page's position. A run's end
  // shows once its memories are swept. PositionExpired when the log is not kept so far back, InvalidArgument when the
  // namespace has not come so far.
  virtual Result<ChangesPage> Changes(const NamespaceRef& ns, const ChangesQuery& query,
                                      const ReadOptions& options) = 0;
  virtual Result<std::vector<ImportStatus>> ListImports(TenantId tenant) = 0;
  // What the import wrote, since it began or began anew; NotFound when there is no such import.
  virtual Result<ImportedPage> ListImported(const NamespaceRef& ns, const ImportedQuery& query,
                                            const ReadOptions& options) = 0;
  virtual Result<SearchReply> Search(const NamespaceRef& ns, const SearchRequest& request,
                                     const ReadOptions& options) = 0;

  // --- Graph.
  virtual Result<NamedEdgePage> ListEdges(const NamespaceRef& ns, const EdgeListQuery& query) = 0;
  virtual Result<NodeView> GetNode(const NamespaceRef& ns, const std::string& id) = 0;
  virtual Result<ExpandReply> Expand(const NamespaceRef& ns, const WalkRequest& request) = 0;
  virtual Result<PathReply> FindPath(const NamespaceRef& ns, const WalkRequest& request) = 0;
  virtual Result<RankReply> Rank(const NamespaceRef& ns, const WalkRequest& request) = 0;

  // --- Operation.
  virtual EngineStatus Status() = 0;
  // Runs what the background does: expiry, dropped namespaces, touches. For tests and shutdown.
  virtual engram::Status SweepNow() = 0;
  // Compares counters, digests and, where loaded, the live indexes with the rows and with indexes rebuilt
  // from them.
  virtual Result<CheckReport> CheckNamespace(const NamespaceRef& ns) = 0;
};

}  // namespace engram
