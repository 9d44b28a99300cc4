// The one way to change anything: a Mutation is a list of operations on one namespace that is decided and
// committed as a whole (engine/apply.h). Everything that could differ between two replays is resolved before
// it enters the log: ids, vectors, times. What can race is decided in Apply.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "engine/config.h"
#include "engine/import_state.h"
#include "engine/memory.h"
#include "engine/segments/segment_rows.h"
#include "engine/tenant.h"
#include "graph/edge.h"
#include "index/attribute/filter.h"

namespace engram {

struct NamespaceInfo;
struct Run;

enum class WriteMode : uint8_t { kUpsert = 0, kInsert = 1, kUpdate = 2, kNewer = 3 };

// Changes to the state record; absent members leave it alone.
struct StateChange {
  std::optional<std::optional<Timestamp>> expires_at;  // set, or set to "never"
  std::optional<std::optional<uint64_t>> ttl_seconds;  // set counts from the log time
  std::optional<bool> refresh_ttl_on_read;
  std::optional<std::optional<double>> importance;
  std::optional<bool> pinned;
  // With the import right only. Then expires_at and ttl_seconds may both be there, each as given.
  std::optional<uint64_t> access_count;
  std::optional<Timestamp> last_access;
  std::optional<double> used;
  std::optional<double> helpful;
  std::optional<double> harmful;
};

// A former version that comes with an import, oldest first; or the end of a former life.
struct ImportedVersion {
  enum class Event : uint8_t { kWritten, kDeleted, kExpired };
  Version version;
  Event event = Event::kWritten;  // otherwise only attributes.updated_at means anything: when it ended
  Content content;
  Attributes attributes;
};

struct WriteMemory {
  std::string id;
  Content content;
  Attributes attributes;  // created_at and updated_at are Apply's unless given below
  StateChange state;
  std::map<std::string, std::string> vector_models;
  std::optional<uint64_t> if_version;  // 0: must not exist
  // With the import right only.
  std::optional<Timestamp> created_at;
  std::optional<Timestamp> updated_at;
  std::optional<Version> version;  // where the id has come further already, the next number instead
  // Of a new life: versions that the id, deleted since, has already are left as they are; AlreadyExists where they
  // differ. Over a live memory it is left aside.
  std::vector<ImportedVersion> history;
};

// With the import right only: a memory that was deleted where it comes from, as what it has been. Over an id that has
// lived here nothing changes.
struct WriteTombstone {
  std::string id;
  std::optional<uint64_t> source_version;
  std::vector<ImportedVersion> history;  // not empty; its last event is an end
};

// The greatest version that an import may give: later writes count on from there.
inline constexpr Version kGivenVersionMax{uint64_t{1} << 62};

// Members that a patch changes: present ones replace, an empty string and "no version" remove.
struct SourcePatch {
  std::optional<std::string> system;
  std::optional<std::string> id;
  std::optional<std::optional<uint64_t>> version;
  std::optional<std::string> batch;
};

// RFC 7396 on one memory.
struct PatchMemory {
  std::string id;
  std::optional<uint64_t> if_version;
  bool keep_vectors = false;
  std::optional<std::string> text;
  // With `clear_…` all that is stored goes (of vectors: all but the default space's, which is a member of its own).
  bool clear_fields = false;
  std::map<std::string, std::optional<std::string>> fields;
  bool clear_vectors = false;
  std::map<std::string, std::optional<VectorValue>> vectors;
  bool clear_metadata = false;
  std::optional<Value::Object> metadata;
  std::optional<std::string> role;
  std::optional<std::string> kind;
  std::optional<MemoryState> state;
  std::optional<std::optional<Timestamp>> event_time;
  std::optional<SourcePatch> source;
  StateChange record;
};

// What memories:update does to each row.
struct AttributeChange {
  // path -> value, in path order; values as the API writes them (times in RFC 3339, state by its name), null removes.
  std::vector<std::pair<std::string, Value>> set;
  std::vector<std::string> unset;
  std::optional<Value::Object> replace_metadata;
};

// One row of memories:update; the rows of one request share what they have in common. By filter: skipped unless the
// row still matches.
struct UpdateMemory {
  std::string id;
  std::shared_ptr<const Filter> still_matches;    // may be null
  std::shared_ptr<const AttributeChange> change;  // REQUIRES: not null
};

// By filter: skipped unless the memory still matches; an erase matches what is deleted by its last version.
struct DeleteMemory {
  std::string id;
  std::optional<uint64_t> if_version;
  std::shared_ptr<const Filter> still_matches;  // may be null
  bool must_exist = false;                      // an absent id fails the mutation with NotFound
  bool erase = false;
};

// The greatest weight of one signal, and what a memory's sum of one signal stops at.
inline constexpr double kFeedbackWeightMax = 1e6;
inline constexpr double kFeedbackSumMax = 1e15;

struct Feedback {
  enum class Signal : uint8_t { kUsed, kHelpful, kHarmful };
  std::string id;
  Signal signal = Signal::kUsed;
  double weight = 1;  // above 0, at most kFeedbackWeightMax
};

// Reads that renew a TTL, coalesced. Absent and expired ids are skipped.
struct Touch {
  std::string id;
  uint64_t reads = 1;
};

struct WriteEdge {
  Edge edge;              // node numbers and version are Apply's
  std::string source_id;  // unknown ends become named nodes
  std::string target_id;
  std::string memory_id;  // empty: none; must exist
  // With the import right only: recorded then, and ends may be memories that expired and are only hidden.
  std::optional<Timestamp> recorded;
  // Likewise: with edge.version and edge.retired a version that has ended, below the current one's if there is one. Its
  // ends are there, dead memories included. One that is there already is left as it is; AlreadyExists where it differs.
  bool ended = false;
};
struct DeleteEdge {
  std::string id;
  std::function<bool(const Edge&)> still_matches;  // may be empty
};

struct Node {
  std::string id;
  std::string name;
  std::string kind;
  std::vector<std::string> aliases;
  Value::Object metadata;
  Scopes scopes;
  Timestamp created_at;  // Apply's
  Timestamp updated_at;  // Apply's
};
struct WriteNode {
  Node node;
  // With the import right only.
  std::optional<Timestamp> created_at;
  std::optional<Timestamp> updated_at;
  bool implicit = false;  // as if made by an edge; changes nothing where the id is taken
};

struct WriteRun {
  Scopes scopes;  // run_id is required; actor_id is no part of a run's identity
  std::optional<Value::Object> metadata;
  std::optional<std::optional<uint64_t>> ttl_seconds;
  // With the import right only: instead of what the log time makes of it.
  std::optional<Timestamp> created_at;
  std::optional<Timestamp> last_activity;
  std::optional<Timestamp> expires_at;
};
// Deletes the run and its memories.
struct DeleteRun {
  Scopes scopes;
};

// Removes what is due: Apply re-checks every one against the log time.
struct SweepExpired {
  struct Due {
    Timestamp time;  // of the expiry row
    bool run = false;
    uint32_t number = 0;  // node or run number
  };
  std::vector<Due> due;
};

struct CreateNamespace {
  NamespaceConfig config;
};
struct PatchNamespace {
  NamespacePatch patch;
};
struct DropNamespace {};
// Removes up to `keys_max` rows of a dropped namespace; goes by number.
struct SweepDropped {
  uint32_t keys_max = 10'000;
};

// Changes the manifest of the namespace's segments. All of `removed` must be there and none of `added`
// (FailedPrecondition otherwise). Comes alone in its mutation, which goes by number and takes no position.
struct PublishSegments {
  std::vector<uint32_t> removed;
  std::vector<SegmentRow> added;
};

// Comes last in its mutation, which is the import's: what the operations before it write is noted as brought by it.
// What is absent stays as it was.
struct ImportProgress {
  std::string id;
  std::optional<std::string> cursor;
  std::optional<uint64_t> rejects;
  std::optional<ImportState> state;          // absent: copying, unless the mutation is of the progress alone
  std::map<std::string, std::string> notes;  // see ImportStatus; those given replace
};

// Takes back what an import wrote and nobody has written since: brings back what it replaced, where `memories` … say
// what stood there, then removes up to `rows_max` of what it made. With `finish` the import is rolled back once nothing
// is left to remove, and what it replaced and nobody brought back stays. NotFound when there is no such import.
struct RollBackImport {
  std::string id;
  uint32_t rows_max = 0;
  bool finish = false;
  std::vector<WriteMemory> memories;
  std::vector<WriteNode> nodes;
  std::vector<WriteRun> runs;
  std::vector<WriteEdge> edges;
};

// What happens to tenants and keys (engine/write/tenant_writes.h). NotFound unless the tenant is there, but for a
// creation: that is AlreadyExists when it is.
struct CreateTenant {
  TenantLimits limits;
};
struct PatchTenant {
  TenantLimitsPatch limits;
};
// Its keys go at once and everything else by and by (engine/background.h).
struct DropTenant {};
struct CreateApiKey {
  ApiKey key;  // tenant and created_at are Apply's
};
// Already over is fine.
struct RevokeApiKey {
  std::string id;
};
// A successor with the same label, rights and namespaces; the old key is over after the grace. FailedPrecondition when
// it is over already.
struct RotateApiKey {
  std::string id;
  std::string new_id;
  std::string new_hash;
  std::optional<Timestamp> new_expires_at;
  int64_t grace_seconds = 0;
};
// Comes alone in its mutation: see MutationOf.
struct TenantChange {
  std::string tenant;  // its name
  std::variant<CreateTenant, PatchTenant, DropTenant, CreateApiKey, RevokeApiKey, RotateApiKey> what;
};

using Operation =
    std::variant<WriteMemory, PatchMemory, UpdateMemory, DeleteMemory, Feedback, Touch, WriteEdge, DeleteEdge,
                 WriteNode, WriteRun, DeleteRun, SweepExpired, CreateNamespace, PatchNamespace, DropNamespace,
                 SweepDropped, PublishSegments, ImportProgress, RollBackImport, WriteTombstone, TenantChange>;

struct Mutation {
  TenantId tenant;
  std::string namespace_name;  // or an alias
  // With a number the name is ignored: background work follows the namespace through a rename.
  std::optional<NamespaceId> namespace_id;
  WriteMode mode = WriteMode::kUpsert;
  bool create_namespace = true;  // false: NotFound when there is none
  std::vector<Operation> operations;

  struct Idempotency {
    std::string key;
    uint64_t request_hash = 0;
    // A call that takes several mutations has one stored reply: it counts their changes and holds no results. It stays
    // open until the last mutation, so that a call which was interrupted goes on when it is repeated.
    enum class Part : uint8_t { kWhole, kMore, kLast } part = Part::kWhole;
  };
  std::optional<Idempotency> idempotency;
  // The result shows what the last operation (a memory's, a run's, an entity's or a namespace's) left behind.
  bool read_back = false;
};

// The mutation of a change to tenants or keys: of the system tenant's directory.
Mutation MutationOf(TenantChange change);

// What the mutation holds in memory, roughly; what operations share counts once.
uint64_t HeldBytes(const Mutation& mutation);

// Never renumber: stored replies hold them.
enum class Outcome : uint8_t {
  kCreated = 0,
  kUpdated = 1,
  kUnchanged = 2,
  kDuplicate = 3,
  kDeleted = 4,
  kSkipped = 5,
  kErased = 6,  // in a stored reply: what the operation wrote was erased since; its id is gone, too
};
std::string_view OutcomeName(Outcome outcome);

struct OperationResult {
  std::string id;
  Version version;
  Outcome outcome = Outcome::kUnchanged;
};
// How many were deleted or updated.
uint64_t CountChanged(const std::vector<OperationResult>& results);

struct MutationResult {
  // Of the whole; with an error nothing was changed. Where one operation is to blame, its field starts with
  // "operations[i]", i counting from 0 ("operations[3].vectors.default").
  Status status;
  std::vector<OperationResult> results;  // one per operation (a sweep: one per row removed)
  NamespaceId namespace_id;
  Position position;
  Timestamp log_time;
  bool replayed = false;  // a stored reply to the same idempotency key
  // Rows deleted or updated; with Idempotency::Part by all mutations of the call so far.
  uint64_t changed = 0;
  // With Mutation::read_back, as it was right after the mutation; null in the reply to what was erased since.
  std::shared_ptr<const Memory> memory;
  std::shared_ptr<const Run> run;
  std::shared_ptr<const Node> node;
  std::shared_ptr<const NamespaceInfo> namespace_info;  // says nothing of its indexes
};

}  // namespace engram
