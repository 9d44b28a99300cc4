#include "engine/apply.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/write/graph_writes.h"
#include "engine/write/imports.h"
#include "engine/write/log_row.h"
#include "engine/write/memory_writes.h"
#include "engine/write/namespace_writes.h"
#include "engine/write/read_back.h"
#include "engine/write/replies.h"
#include "engine/write/runs.h"
#include "engine/write/segment_writes.h"
#include "engine/write/sweep.h"
#include "engine/write/tenant_writes.h"

namespace engram {
namespace {

using keys::Key;

// Log rows removed per mutation: more than the one it adds, so that the log shrinks once it may.
constexpr int kTrimmedMax = 4;

// Upholds the store whatever the namespace's switch says: background work and the switch itself.
bool IsAllowedReadOnly(const Operation& operation) {
  return std::holds_alternative<SweepExpired>(operation) || std::holds_alternative<SweepDropped>(operation) ||
         std::holds_alternative<PatchNamespace>(operation) || std::holds_alternative<CreateNamespace>(operation) ||
         std::holds_alternative<DropNamespace>(operation) || std::holds_alternative<Touch>(operation);
}

Result<OperationResult> NamespaceResult(const Transaction& tx, Result<Outcome> outcome) {
  if (!outcome.ok()) return std::move(outcome).status();
  return OperationResult{tx.head.name, Version(), *outcome};
}

// Decides one operation. `results` gets one entry, or for a sweep one per row removed.
class Decide {
 public:
  Decide(Transaction& tx, bool is_new, std::vector<OperationResult>* results)
      : tx_(tx), is_new_(is_new), results_(results) {}

  Status operator()(const WriteMemory& op) { return Keep(ApplyWrite(tx_, op)); }
  Status operator()(const PatchMemory& op) { return Keep(ApplyPatch(tx_, op)); }
  Status operator()(const UpdateMemory& op) { return Keep(ApplyUpdate(tx_, op)); }
  Status operator()(const DeleteMemory& op) { return Keep(ApplyDelete(tx_, op)); }
  Status operator()(const Feedback& op) { return Keep(ApplyFeedback(tx_, op)); }
  Status operator()(const Touch& op) { return Keep(ApplyTouch(tx_, op)); }
  Status operator()(const WriteEdge& op) { return Keep(ApplyWriteEdge(tx_, op)); }
  Status operator()(const DeleteEdge& op) { return Keep(ApplyDeleteEdge(tx_, op)); }
  Status operator()(const WriteNode& op) { return Keep(ApplyWriteNode(tx_, op)); }
  Status operator()(const WriteRun& op) {
    auto outcome = PutRun(tx_, op);
    if (!outcome.ok()) return std::move(outcome).status();
    return Keep(OperationResult{op.scopes.run_id, Version(), *outcome});
  }
  Status operator()(const DeleteRun& op) {
    RETURN_IF_ERROR(EndRun(tx_, op));
    return Keep(OperationResult{op.scopes.run_id, Version(), Outcome::kDeleted});
  }
  Status operator()(const SweepExpired& op) { return ApplySweep(tx_, op, results_); }
  Status operator()(const CreateNamespace& op) {
    if (is_new_) return Keep(OperationResult{tx_.head.name, Version(), Outcome::kCreated});
    return Keep(NamespaceResult(tx_, CheckSameConfig(tx_, op.config)));
  }
  Status operator()(const PatchNamespace& op) { return Keep(NamespaceResult(tx_, ApplyPatchNamespace(tx_, op.patch))); }
  Status operator()(const DropNamespace&) {
    RETURN_IF_ERROR(DropNamespaceRows(tx_));
    return Keep(OperationResult{tx_.head.name, Version(), Outcome::kDeleted});
  }
  Status operator()(const SweepDropped& op) {
    ASSIGN_OR_RETURN(const bool empty, SweepDroppedRows(tx_, op.keys_max));
    return Keep(OperationResult{"", Version(), empty ? Outcome::kDeleted : Outcome::kUpdated});
  }
  Status operator()(const PublishSegments&) { return Internal("the manifest is changed by itself"); }
  // Kept by the ImportRecorder.
  Status operator()(const ImportProgress& op) { return Keep(OperationResult{op.id, Version(), Outcome::kUpdated}); }
  Status operator()(const RollBackImport& op) { return ApplyRollBack(tx_, op, results_); }
  Status operator()(const TenantChange&) { return Internal("tenants are changed by themselves"); }
  Status operator()(const WriteTombstone& op) { return Keep(ApplyTombstone(tx_, op)); }

 private:
  Status Keep(Result<OperationResult> result) {
    if (!result.ok()) return std::move(result).status();
    results_->push_back(std::move(result).value());
    return {};
  }

  Transaction& tx_;
  bool is_new_;
  std::vector<OperationResult>* results_;
};

// The import that the mutation belongs to; null for those of none.
const ImportProgress* ImportOf(const Mutation& mutation) {
  return mutation.operations.empty() ? nullptr : std::get_if<ImportProgress>(&mutation.operations.back());
}

Status DecideOne(const Operation& operation, ImportRecorder* recorder, Decide& decide,
                 const std::vector<OperationResult>& results) {
  const bool recorded = recorder != nullptr && !std::holds_alternative<ImportProgress>(operation);
  if (recorded) RETURN_IF_ERROR(recorder->Before(operation));
  RETURN_IF_ERROR(std::visit(decide, operation));
  return recorded ? recorder->After(operation, results.back()) : Status();
}

Status RunOperations(const Mutation& mutation, Transaction& tx, bool is_new, std::vector<OperationResult>* results) {
  Decide decide(tx, is_new, results);
  std::optional<ImportRecorder> recorder;
  if (const ImportProgress* import = ImportOf(mutation)) {
    recorder.emplace(tx, *import);
    RETURN_IF_ERROR(recorder->Begin());
  }
  for (size_t i = 0; i < mutation.operations.size(); ++i) {
    tx.place = static_cast<uint32_t>(i);
    const Operation& operation = mutation.operations[i];
    if (tx.head.config.read_only && !IsAllowedReadOnly(operation)) {
      return {StatusCode::kPermissionDenied, fmt::format("namespace \"{}\" is read-only", tx.head.name)};
    }
    if (Status status = DecideOne(operation, recorder ? &*recorder : nullptr, decide, *results); !status.ok()) {
      return std::move(status).Under(fmt::format("operations[{}]", i));
    }
  }
  return recorder ? recorder->Finish() : Status();
}

// When the mutation of this log row was; nothing when there is no such row.
Result<std::optional<Timestamp>> LogRowTime(Transaction& tx, Position position) {
  if (tx.log_row_time && tx.log_row_time->first == position) return std::optional<Timestamp>(tx.log_row_time->second);
  ASSIGN_OR_RETURN(const auto bytes, tx.rows().Get(Key(keys::kLog).Add(position)));
  if (!bytes) return std::optional<Timestamp>();
  ASSIGN_OR_RETURN(const LogRow row, DecodeLogRow(*bytes));
  tx.log_row_time.emplace(position, row.log_time);
  return std::optional<Timestamp>(row.log_time);
}

// Deletes the oldest log rows that retention no longer holds.
Status TrimLog(Transaction& tx, int64_t retention_seconds) {
  for (int i = 0; i < kTrimmedMax && tx.counters.log_begin < tx.position; ++i) {
    const Position oldest = tx.counters.log_begin;
    ASSIGN_OR_RETURN(const auto time, LogRowTime(tx, oldest));
    if (time) {
      if (time->PlusSeconds(retention_seconds) > tx.log_time()) return {};
      tx.batch().Delete(Key(keys::kLog).Add(oldest));
    }
    tx.counters.log_begin = oldest.Next();
  }
  return {};
}

ReplyTable RepliesOf(Transaction& tx, const ApplyOptions& options) {
  return {tx.rows(), tx.batch(), tx.log_time(), options.idempotency_seconds, &tx.replies_since};
}

// The rows that every accepted mutation leaves: head, log, counters.
Status Finish(Transaction& tx, const ApplyOptions& options) {
  if (tx.dropped) return {};
  if (!tx.erased_ids.empty()) RETURN_IF_ERROR(EraseFromReplies(RepliesOf(tx, options), tx.erased_ids));
  if (tx.head_changed) {
    tx.batch().Put(Key(keys::kHead), EncodeHead(tx.head));
    tx.Tell(ConfigChanged{tx.head.config});
  }
  RETURN_IF_ERROR(TrimLog(tx, options.log_retention_seconds));
  tx.batch().Put(Key(keys::kLog).Add(tx.position), EncodeLogRow(tx.log_time(), tx.events));
  tx.counters.position = tx.position;
  tx.counters.log_time = tx.log_time();
  tx.batch().Put(Key(keys::kCounters), EncodeCounters(tx.counters));
  return {};
}

Status NoNamespace(std::string_view name) { return NotFound(fmt::format("there is no namespace \"{}\"", name)); }

struct Target {
  NamespaceId ns;
  bool is_new = false;
};

// The namespace a mutation goes to; a new number where one may be made.
Result<Target> FindTarget(const Mutation& mutation, NamespaceCache& cache, Store::Overlay& overlay) {
  if (mutation.namespace_id) return Target{*mutation.namespace_id};
  if (const auto known = cache.FindName(mutation.tenant, mutation.namespace_name)) return Target{*known};
  const std::string scope = keys::Scope(mutation.tenant, keys::kDirectory);
  const ScopedReader directory(overlay, scope);
  ASSIGN_OR_RETURN(const auto found, FindNamespace(directory, mutation.namespace_name));
  if (found) {
    cache.KeepName(mutation.tenant, mutation.namespace_name, *found);
    return Target{*found};
  }
  if (!mutation.create_namespace) return NoNamespace(mutation.namespace_name);
  RETURN_IF_ERROR(CheckName("the namespace's name", mutation.namespace_name));
  ScopedBatch batch(overlay, scope);
  ASSIGN_OR_RETURN(const NamespaceId ns, NewNamespaceNumber(directory, batch));
  return Target{ns, true};
}

const NamespaceConfig& FirstConfig(const Mutation& mutation) {
  static const NamespaceConfig defaults;
  for (const Operation& operation : mutation.operations) {
    if (const auto* create = std::get_if<CreateNamespace>(&operation)) return create->config;
  }
  return defaults;
}

// Decides the mutation inside `tx`; its rows are kept only when this and Finish are OK.
Status ApplyTo(const Mutation& mutation, bool is_new, const ApplyOptions& options, Transaction& tx,
               MutationResult* result) {
  if (is_new) {
    RETURN_IF_ERROR(CheckConfig(FirstConfig(mutation)));
    RETURN_IF_ERROR(CreateNamespaceRows(tx, mutation.namespace_name, FirstConfig(mutation)));
  }
  RETURN_IF_ERROR(RunOperations(mutation, tx, is_new, &result->results));
  RETURN_IF_ERROR(ChargeTenant(tx));
  if (mutation.read_back) RETURN_IF_ERROR(ReadBack(tx, mutation.operations.back(), result));
  return Finish(tx, options);
}

// Background work goes on after the head of its namespace is gone.
bool IsSweep(const Mutation& mutation) {
  return std::all_of(mutation.operations.begin(), mutation.operations.end(), [](const Operation& operation) {
    return std::holds_alternative<SweepDropped>(operation) || std::holds_alternative<SweepExpired>(operation);
  });
}

// What a transaction starts from, taken out of the cache or read. NotFound when the namespace is not there (any more).
Status Load(const Mutation& mutation, bool is_new, NamespaceCache& cache, Transaction* tx) {
  if (auto known = cache.Take(tx->tenant(), tx->ns())) {
    static_cast<NamespaceState&>(*tx) = *std::move(known);
    tx->position = tx->counters.position.Next();
    tx->before = tx->counters;
    tx->existed = true;
    return {};
  }
  ASSIGN_OR_RETURN(auto head, ReadHead(tx->rows()));
  tx->dropped = !head && !is_new;
  if (tx->dropped && !IsSweep(mutation)) return NoNamespace(mutation.namespace_name);
  tx->existed = head.has_value();
  if (head) tx->head = std::move(*head);
  ASSIGN_OR_RETURN(tx->counters, ReadCounters(tx->rows()));
  tx->position = tx->counters.position.Next();
  if (tx->existed) tx->before = tx->counters;
  return {};
}

// The tenant that the mutation is charged to. NotFound when it has been dropped, but for the work of ending it.
Status LoadTenant(const Mutation& mutation, NamespaceCache& cache, const Store::Overlay& overlay, Transaction* tx) {
  if (auto known = cache.TakeTenant(tx->tenant())) {
    tx->owner = *std::move(known);
  } else {
    ASSIGN_OR_RETURN(tx->owner, ReadTenantState(tx->tenant(), tx->system().rows, tx->directory(), overlay));
  }
  return mutation.namespace_id ? Status() : CheckNotDropped(tx->owner);
}

bool IsDrop(const Mutation& mutation) {
  return mutation.operations.size() == 1 && std::holds_alternative<DropNamespace>(mutation.operations.front());
}

// A drop's reply outlives the namespace, so the tenant's directory keeps it, under the name as it was asked for.
Mutation::Idempotency DropIdempotency(const Mutation& mutation) {
  Mutation::Idempotency idempotency = *mutation.idempotency;
  std::string key;
  AppendKeyString(&key, mutation.namespace_name);
  idempotency.key = key + idempotency.key;
  return idempotency;
}

Result<std::optional<FoundReply>> FindDropReply(const Mutation& mutation, Timestamp log_time,
                                                const ApplyOptions& options, Store::Overlay& overlay) {
  if (!mutation.idempotency || !IsDrop(mutation)) return std::optional<FoundReply>();
  const std::string scope = keys::Scope(mutation.tenant, keys::kDirectory);
  const ScopedReader rows(overlay, scope);
  ScopedBatch batch(overlay, scope);
  return FindReply({rows, batch, log_time, options.idempotency_seconds}, DropIdempotency(mutation));
}

// Stores the reply in the namespace's rows or, where they are ending, in the directory.
Status KeepReply(const Mutation& mutation, const MutationResult& result, const ApplyOptions& options, Transaction& tx) {
  if (!tx.dropped) return PutReply(RepliesOf(tx, options), mutation, result, tx.erased_ids);
  if (!IsDrop(mutation)) return {};
  Mutation drop = mutation;
  drop.idempotency = DropIdempotency(mutation);
  return PutReply({tx.directory(), tx.change_directory(), tx.log_time(), options.idempotency_seconds}, drop, result,
                  {});
}

// After an accepted mutation (see NamespaceCache).
void PutBack(NamespaceCache& cache, Transaction* tx) {
  if (tx->dropped || tx->directory_changed()) return cache.Clear();
  cache.KeepTenant(std::move(tx->owner));
  cache.Keep(tx->tenant(), tx->ns(), std::move(static_cast<NamespaceState&>(*tx)));
}

// Which files hold an index is no change that anybody could see: it takes no position and leaves no row in the log, and
// read-only namespaces have it as well. Null for every other mutation.
const PublishSegments* OnlyPublish(const Mutation& mutation) {
  return mutation.operations.size() == 1 ? std::get_if<PublishSegments>(&mutation.operations.front()) : nullptr;
}

// A change of tenants or keys; null for every other mutation.
const TenantChange* OnlyTenantChange(const Mutation& mutation) {
  return mutation.operations.size() == 1 ? std::get_if<TenantChange>(&mutation.operations.front()) : nullptr;
}

// The system's directory has no position; what its mutations are answered is kept beside its rows.
Result<MutationResult> ChangeTenants(const Mutation& mutation, const TenantChange& change, Timestamp log_time,
                                     const ApplyOptions& options, NamespaceCache& cache, Store::Overlay& overlay,
                                     std::vector<Publication>* publications) {
  Transaction::Range system(overlay, overlay, keys::Scope(keys::kSystemTenant, keys::kDirectory));
  const ReplyTable replies{system.rows, system.batch, log_time, options.idempotency_seconds};
  if (mutation.idempotency) {
    ASSIGN_OR_RETURN(auto stored, FindReply(replies, *mutation.idempotency));
    if (stored) return std::move(stored->result);
  }
  MutationResult result;
  result.log_time = log_time;
  Publication publication{mutation.tenant, keys::kDirectory, {}, log_time, {}, {}};
  ASSIGN_OR_RETURN(OperationResult one, ApplyTenantChange(change, system, log_time, &publication.tenants));
  result.results.push_back(std::move(one));
  if (mutation.idempotency) RETURN_IF_ERROR(PutReply(replies, mutation, result, {}));
  publications->push_back(std::move(publication));
  cache.Clear();
  return result;
}

// Everything between the save points of one mutation.
Result<MutationResult> TryMutation(const Mutation& mutation, Timestamp log_time, const ApplyOptions& options,
                                   NamespaceCache& cache, Store::Overlay& overlay,
                                   std::vector<Publication>* publications) {
  if (const auto* change = OnlyTenantChange(mutation)) {
    return ChangeTenants(mutation, *change, log_time, options, cache, overlay, publications);
  }
  ASSIGN_OR_RETURN(auto dropped, FindDropReply(mutation, log_time, options, overlay));
  if (dropped) return std::move(dropped->result);
  ASSIGN_OR_RETURN(const Target target, FindTarget(mutation, cache, overlay));
  Transaction tx(mutation.tenant, target.ns, overlay, log_time);
  tx.mode = mutation.mode;
  RETURN_IF_ERROR(LoadTenant(mutation, cache, overlay, &tx));
  RETURN_IF_ERROR(Load(mutation, target.is_new, cache, &tx));
  uint64_t changed_before = 0;
  if (mutation.idempotency) {
    ASSIGN_OR_RETURN(auto stored, FindReply(RepliesOf(tx, options), *mutation.idempotency));
    if (stored && !stored->open) {
      PutBack(cache, &tx);
      return std::move(stored->result);
    }
    if (stored) changed_before = stored->result.changed;
  }
  MutationResult result;
  result.namespace_id = target.ns;
  result.log_time = log_time;
  if (const auto* publish = OnlyPublish(mutation)) {
    RETURN_IF_ERROR(ApplyPublishSegments(tx, *publish));
    result.position = tx.counters.position;
    PutBack(cache, &tx);
    return result;
  }
  RETURN_IF_ERROR(ApplyTo(mutation, target.is_new, options, tx, &result));
  result.position = tx.dropped ? tx.counters.position : tx.position;
  result.changed = changed_before + CountChanged(result.results);
  if (mutation.idempotency) RETURN_IF_ERROR(KeepReply(mutation, result, options, tx));
  publications->push_back({mutation.tenant, target.ns, result.position, log_time, std::move(tx.events)});
  PutBack(cache, &tx);
  return result;
}

// A refusal that a retry would meet again is stored, unless the key is taken already.
Status StoreRefusal(const Mutation& mutation, const ApplyOptions& options, Store::Overlay& overlay,
                    const MutationResult& refused) {
  const ScopedReader directory(overlay, keys::Scope(mutation.tenant, keys::kDirectory));
  ASSIGN_OR_RETURN(const auto ns, FindNamespace(directory, mutation.namespace_name));
  if (!ns) return {};
  Transaction tx(mutation.tenant, *ns, overlay, refused.log_time);
  auto stored = FindReply(RepliesOf(tx, options), *mutation.idempotency);
  if (!stored.ok() || *stored) return {};
  return PutReply(RepliesOf(tx, options), mutation, refused, {});
}

}  // namespace

MutationResult ApplyMutation(const Mutation& mutation, Timestamp log_time, const ApplyOptions& options,
                             NamespaceCache& cache, Store::Overlay& overlay, std::vector<Publication>* publications) {
  overlay.SetSavePoint();
  auto result = TryMutation(mutation, log_time, options, cache, overlay, publications);
  if (result.ok()) {
    overlay.PopSavePoint();
    return std::move(result).value();
  }
  overlay.RollbackToSavePoint();
  MutationResult refused;
  refused.log_time = log_time;
  refused.status = std::move(result).status();
  if (!mutation.idempotency || !IsStorable(refused.status)) return refused;
  overlay.SetSavePoint();
  if (Status stored = StoreRefusal(mutation, options, overlay, refused); !stored.ok()) {
    overlay.RollbackToSavePoint();
    refused.status = std::move(stored);
    return refused;
  }
  overlay.PopSavePoint();
  return refused;
}

}  // namespace engram
