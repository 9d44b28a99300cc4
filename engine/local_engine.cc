#include "engine/local_engine.h"

#include <algorithm>
#include <future>

#include <fmt/format.h>

#include "base/log.h"
#include "engine/doctor/namespace_check.h"
#include "engine/history.h"
#include "engine/keys.h"
#include "engine/namespace_index.h"
#include "engine/rebuilt_index.h"
#include "engine/write/namespace_writes.h"

namespace engram {
namespace {

using keys::Key;

// Of the layout of keys and values; another number is another engine's directory.
constexpr uint32_t kStoreFormat = 1;

ScopedReader SystemRows(const KvReader& snapshot) {
  return {snapshot, keys::Scope(keys::kSystemTenant, keys::kDirectory)};
}

// Marks a new store with its format; refuses one of another format.
Status CheckFormat(Store* store) {
  const auto snapshot = store->Snapshot();
  ASSIGN_OR_RETURN(const auto bytes, SystemRows(*snapshot).Get(Key(keys::kFormat)));
  if (bytes) {
    ByteReader in(*bytes);
    const uint32_t format = in.Key32();
    if (in.ok() && format == kStoreFormat) return {};
    return FailedPrecondition(
        fmt::format("the store has format {}, this program reads format {}", format, kStoreFormat));
  }
  auto overlay = store->NewOverlay();
  std::string format;
  AppendKey32(&format, kStoreFormat);
  overlay->Put(keys::Scope(keys::kSystemTenant, keys::kDirectory) + keys::kFormat, format);
  return store->Commit(std::move(overlay), /*sync=*/true);
}

Result<Timestamp> LastLogTime(const Store& store) {
  const auto snapshot = store.Snapshot();
  ASSIGN_OR_RETURN(const auto bytes, SystemRows(*snapshot).Get(Key(keys::kLogTime)));
  if (!bytes) return Timestamp{INT64_MIN};
  ByteReader in(*bytes);
  const Timestamp time{in.KeySigned64()};
  RETURN_IF_ERROR(in.Finish("log time"));
  return time;
}

CommitterOptions ForCommitter(const EngineOptions& options) {
  CommitterOptions out;
  out.apply.log_retention_seconds = options.log_retention_seconds;
  out.apply.idempotency_seconds = options.idempotency_seconds;
  out.queue_mutations_max = options.queue_mutations_max;
  out.queue_bytes_max = options.queue_bytes_max;
  out.group_mutations_max = options.group_mutations_max;
  return out;
}

SealLimits SealLimitsOf(const EngineOptions& options) {
  SealLimits limits;
  limits.rows = options.seal_rows;
  limits.bytes = options.seal_bytes;
  return limits;
}

SealerOptions ForSealer(const EngineOptions& options, const FreeSpace& space) {
  SealerOptions out;
  out.space = &space;
  out.limits = SealLimitsOf(options);
  out.merge.graph_rows = options.graph_rows;
  out.rest = options.seal_rest;
  return out;
}

// What a restore has not finished may lack rows, or hold what was erased.
engram::Status CheckRestored(const FileSystem& files, const std::string& data_dir) {
  ASSIGN_OR_RETURN(const bool unfinished, files.Exists(data_dir + '/' + kRestoringFile));
  if (!unfinished) return {};
  return FailedPrecondition(fmt::format("a restore into {} was not finished: run `engram restore` again", data_dir));
}

// Removes segment files that no manifest names: of namespaces that are gone, or left by a crash before their row was
// written. Tells the sealer of those that an erasure left behind.
engram::Status LookThroughSegments(const Store& store, const SegmentFolder& folder, SealQueue* queue) {
  RETURN_IF_ERROR(folder.RemoveHalfWritten());
  const auto snapshot = store.Snapshot();
  const auto is_named = [&](const SegmentName& name) -> Result<bool> {
    const ScopedReader rows(*snapshot, keys::Scope(name.tenant, name.ns));
    ASSIGN_OR_RETURN(const auto head, ReadHead(rows));
    if (!head) return false;
    ASSIGN_OR_RETURN(const auto bytes, rows.Get(keys::Key(keys::kSegment).AddSegment(name.number)));
    if (!bytes) return false;
    ASSIGN_OR_RETURN(const SegmentRow row, DecodeSegmentRow(*bytes));
    ASSIGN_OR_RETURN(const NamespaceCounters counters, ReadCounters(rows));
    if (row.position < counters.erased_at) queue->Push({name.tenant, name.ns, SealJob::Kind::kErased});
    return true;
  };
  const auto wanted = [&](const SegmentName& name) -> Result<bool> {
    auto named = is_named(name);
    if (named.status().code() != StatusCode::kCorruption) return named;
    // One namespace that can't be read keeps no other from being served.
    Log(LogLevel::kError, "segments_of_damaged_namespace",
        {{"tenant", name.tenant.value}, {"namespace", name.ns.value}, {"error", named.status().ToString()}});
    return true;
  };
  return folder.RemoveFiles(wanted).status();
}

}  // namespace

Result<std::unique_ptr<Engine>> Engine::Open(const EngineOptions& options) { return OpenEngine(options, {}); }

Result<std::unique_ptr<Engine>> OpenEngine(const EngineOptions& options, const OpenedFor& use) {
  ASSIGN_OR_RETURN(auto engine, LocalEngine::Open(options, use));
  return std::unique_ptr<Engine>(std::move(engine));
}

BackupSource& BackupSourceOf(Engine& engine) { return static_cast<LocalEngine&>(engine).backup_source(); }
LiveStore& LiveStoreOf(Engine& engine) { return static_cast<LocalEngine&>(engine).live_store(); }

MutationResult Engine::Write(Mutation mutation, Durability durability) {
  std::promise<MutationResult> done;
  auto future = done.get_future();
  Submit(std::move(mutation), durability, [&done](MutationResult result) { done.set_value(std::move(result)); });
  return future.get();
}

LocalEngine::LocalEngine(const EngineOptions& options) : options_(options) {}

LocalEngine::~LocalEngine() = default;

Result<std::unique_ptr<LocalEngine>> LocalEngine::Open(const EngineOptions& options, const OpenedFor& use) {
  if (options.seal_rows == 0 || options.seal_bytes == 0) {
    return InvalidArgument("a namespace must be allowed at least one memory, and one byte, beyond its segments");
  }
  auto engine = std::unique_ptr<LocalEngine>(new LocalEngine(options));
  FileSystem& files = options.files ? *options.files : FileSystem::Posix();
  if (!options.create) {
    ASSIGN_OR_RETURN(const bool exists, Store::Exists(files, options.data_dir + "/rows"));
    if (!exists) return NotFound(fmt::format("there is no store in {}", options.data_dir));
  }
  if (!use.unfinished_restore) RETURN_IF_ERROR(CheckRestored(files, options.data_dir));
  RETURN_IF_ERROR(files.CreateDirectory(options.data_dir));
  auto lock = files.Lock(options.data_dir + "/LOCK");
  if (!lock.ok()) {
    if (lock.status().code() != StatusCode::kFailedPrecondition) return std::move(lock).status();
    return Unavailable(fmt::format("another process is using {}", options.data_dir));
  }
  engine->lock_ = std::move(*lock);
  RETURN_IF_ERROR(LocalBackupSource::RemoveStaged(options.data_dir));
  engine->space_.emplace(files, options.data_dir, options.min_free_bytes);
  StoreOptions store;
  store.path = options.data_dir + "/rows";
  store.files = &files;
  store.block_cache_bytes = options.block_cache_bytes;
  store.write_buffer_bytes = options.write_buffer_bytes;
  store.min_free_bytes = options.min_free_bytes / 4;
  ASSIGN_OR_RETURN(engine->store_, StoreCopies::OpenKeepingLog(store, use.keep_log_bytes));
  RETURN_IF_ERROR(CheckFormat(engine->store_.get()));
  ASSIGN_OR_RETURN(const Timestamp last, LastLogTime(*engine->store_));
  engine->log_clock_ = std::make_unique<LogClock>(*options.clock, last);
  ASSIGN_OR_RETURN(engine->segments_, SegmentFolder::Open(&files, options.data_dir + "/segments"));
  RETURN_IF_ERROR(LookThroughSegments(*engine->store_, *engine->segments_, &engine->seal_queue_));
  RegistrySegments segments;
  segments.folder = &*engine->segments_;
  segments.queue = &engine->seal_queue_;
  segments.log_clock = engine->log_clock_.get();
  segments.limits = SealLimitsOf(options);
  segments.seal_loading = [owner = engine.get()](TenantId tenant, NamespaceId ns, NamespaceIndex* index) {
    return owner->sealer_->SealLoading(tenant, ns, index);
  };
  engine->registry_ = std::make_unique<IndexRegistry>(*engine->store_, options.index_memory_bytes, segments);
  RETURN_IF_ERROR(engine->tenants_.Load(SystemRows(*engine->store_->Snapshot())));
  engine->committer_ = std::make_unique<Committer>(engine->store_.get(), engine->registry_.get(), &engine->known_,
                                                   &engine->tenants_, engine->log_clock_.get(), ForCommitter(options));
  engine->committer_->Start();
  engine->position_waits_ = std::make_unique<PositionWaits>(*engine->store_, engine->committer_.get(), *options.clock,
                                                            options.position_waits_max);
  engine->erasure_sweep_ = std::make_unique<ErasureSweep>(engine->store_.get(), &files, options.data_dir);
  engine->background_ =
      std::make_unique<Background>(engine->store_.get(), engine->committer_.get(), engine->log_clock_.get(),
                                   engine->erasure_sweep_.get(), options.sweep_interval);
  engine->sealer_ =
      std::make_unique<Sealer>(engine->store_.get(), engine->registry_.get(), engine->committer_.get(),
                               &*engine->segments_, &engine->seal_queue_, ForSealer(options, *engine->space_));
  engine->sealer_->Start();
  engine->backup_source_ =
      std::make_unique<LocalBackupSource>(engine.get(), engine->store_.get(), &*engine->segments_, options.data_dir);
  engine->live_store_.emplace(engine->store_.get(), &*engine->segments_, &engine->damaged_, engine->log_clock_.get());
  return engine;
}

void LocalEngine::Submit(Mutation mutation, Durability durability, std::function<void(MutationResult)> done) {
  engram::Status refused = damaged_.Check(mutation.tenant, mutation.namespace_name);
  if (refused.ok()) refused = CheckSpace(mutation);
  if (refused.ok()) refused = CheckBacklog(mutation);
  if (!refused.ok()) {
    MutationResult result;
    result.status = std::move(refused);
    return done(std::move(result));
  }
  auto tell = [this, tenant = mutation.tenant, name = mutation.namespace_name,
               done = std::move(done)](MutationResult result) {
    if (result.status.code() == StatusCode::kCorruption && !name.empty()) {
      damaged_.Note(tenant, name, result.status);
      result.status = damaged_.Check(tenant, name);
    }
    done(std::move(result));
  };
  committer_->Submit(std::move(mutation), durability, std::move(tell));
}

engram::Status LocalEngine::CheckSpace(const Mutation& mutation) {
  if (space_->Check(SpaceUse::kAdds).ok()) return {};
  const bool removes =
      std::all_of(mutation.operations.begin(), mutation.operations.end(), [](const Operation& operation) {
        return std::holds_alternative<DeleteMemory>(operation) || std::holds_alternative<DeleteEdge>(operation) ||
               std::holds_alternative<DeleteRun>(operation) || std::holds_alternative<DropNamespace>(operation) ||
               (std::holds_alternative<TenantChange>(operation) &&
                std::holds_alternative<DropTenant>(std::get<TenantChange>(operation).what));
      });
  return space_->Admit(removes ? SpaceUse::kRemoves : SpaceUse::kAdds);
}

engram::Status LocalEngine::CheckBacklog(const Mutation& mutation) {
  if (!registry_->any_behind()) return {};
  const bool may_grow =
      std::any_of(mutation.operations.begin(), mutation.operations.end(), [](const Operation& operation) {
        const auto* roll_back = std::get_if<RollBackImport>(&operation);
        return std::holds_alternative<WriteMemory>(operation) || std::holds_alternative<PatchMemory>(operation) ||
               std::holds_alternative<UpdateMemory>(operation) || (roll_back && !roll_back->memories.empty());
      });
  if (!may_grow) return {};
  std::optional<NamespaceId> number = mutation.namespace_id;
  if (!number) {
    const auto found = FindNamespace({mutation.tenant, mutation.namespace_name});
    if (!found.ok()) return {};  // the write itself will say what is wrong, or make it
    number = *found;
  }
  return registry_->CheckBacklog(mutation.tenant, *number);
}

void LocalEngine::AwaitPosition(TenantId tenant, NamespaceId ns, Position position, std::chrono::nanoseconds deadline,
                                std::function<void(engram::Status)> done) {
  position_waits_->Await(tenant, ns, position, deadline, std::move(done));
}

Result<LocalEngine::Resolved> LocalEngine::Resolve(const NamespaceRef& ns) {
  const uint64_t version = known_.version();
  Resolved resolved;
  resolved.known = known_.Find(ns.tenant, ns.name);
  resolved.snapshot = store_->Snapshot();
  if (resolved.known && known_.version() == version) return resolved;
  const ScopedReader directory(*resolved.snapshot, keys::Scope(ns.tenant, keys::kDirectory));
  ASSIGN_OR_RETURN(const auto number, engram::FindNamespace(directory, ns.name));
  if (!number) return NotFound(fmt::format("there is no namespace \"{}\"", ns.name));
  ASSIGN_OR_RETURN(auto head, ReadHead(ScopedReader(*resolved.snapshot, keys::Scope(ns.tenant, *number))));
  if (!head) return Corruption(fmt::format("namespace \"{}\" has lost its head row", ns.name));
  resolved.known = std::make_shared<KnownNamespace>(KnownNamespace{*number, std::move(*head)});
  known_.Keep(ns.tenant, ns.name, version, resolved.known);
  return resolved;
}

Result<ReadView> LocalEngine::View(const NamespaceRef& ns, const ReadOptions& options) {
  ASSIGN_OR_RETURN(Resolved resolved, Resolve(ns));
  ReadView view(ns.tenant, std::move(resolved.known), std::move(resolved.snapshot), registry_.get(), options_.clock,
                log_clock_->Now(), options.deadline);
  view.EndWith(&reads_ended_);
  if (options.min_position) {
    ASSIGN_OR_RETURN(const NamespaceCounters counters, view.counters());
    if (counters.position < *options.min_position) {
      return DeadlineExceeded("the namespace has not reached min_position in time").At("min_position");
    }
  }
  return view;
}

void LocalEngine::NoteReads(const ReadView& view, const Memory& memory) {
  if (memory.state.refresh_ttl_on_read) background_->NoteRead(view.tenant(), view.ns(), memory.id);
}

Result<GetReply> LocalEngine::Get(const NamespaceRef& ns, const std::vector<std::string>& ids, const Include& include,
                                  const ReadOptions& options) {
  ASSIGN_OR_RETURN(const ReadView view, View(ns, options));
  GetReply reply;
  ASSIGN_OR_RETURN(const NamespaceCounters counters, view.counters());
  reply.position = counters.position;
  for (const std::string& id : ids) {
    RETURN_IF_ERROR(view.CheckDeadline());
    ASSIGN_OR_RETURN(const auto row, FindId(view.rows(), id));
    bool found = row && row->is_memory && row->live;
    if (found) {
      ASSIGN_OR_RETURN(const bool expired, IsExpired(view.rows(), *row, view.now()));
      found = !expired;
    }
    if (!found) {
      reply.missing.push_back(id);
      continue;
    }
    ASSIGN_OR_RETURN(Memory memory, ReadMemory(view.rows(), id, *row, include));
    NoteReads(view, memory);
    reply.memories.push_back(std::move(memory));
  }
  return reply;
}

Result<MemoryPage> LocalEngine::List(const NamespaceRef& ns, const ListQuery& query, const ReadOptions& options) {
  ASSIGN_OR_RETURN(const ReadView view, View(ns, options));
  ListQuery with_hash = query;
  with_hash.include.hash = query.include.attributes;
  return ListMemories(view, with_hash);
}

Result<std::pair<uint64_t, Position>> LocalEngine::Count(const NamespaceRef& ns, const std::optional<Filter>& filter,
                                                         const ReadOptions& options) {
  ASSIGN_OR_RETURN(const ReadView view, View(ns, options));
  return CountMemories(view, filter);
}

Result<FacetPage> LocalEngine::Facet(const NamespaceRef& ns, const FacetQuery& query, const ReadOptions& options) {
  ASSIGN_OR_RETURN(const ReadView view, View(ns, options));
  return FacetMemories(view, query);
}

Result<ExportPage> LocalEngine::Export(const NamespaceRef& ns, const ExportQuery& query, const ReadOptions& options) {
  ASSIGN_OR_RETURN(const ReadView view, View(ns, options));
  return ExportRows(view, query);
}

Result<ChangesPage> LocalEngine::Changes(const NamespaceRef& ns, const ChangesQuery& query,
                                         const ReadOptions& options) {
  ASSIGN_OR_RETURN(const ReadView view, View(ns, options));
  return ReadChanges(view, query);
}

Result<std::vector<HistoryEvent>> LocalEngine::History(const NamespaceRef& ns, const std::string& id) {
  ASSIGN_OR_RETURN(const ReadView view, View(ns, {}));
  return ReadHistory(view.rows(), id);
}

Result<SearchReply> LocalEngine::Search(const NamespaceRef& ns, const SearchRequest& request,
                                        const ReadOptions& options) {
  ASSIGN_OR_RETURN(const ReadView view, View(ns, options));
  ASSIGN_OR_RETURN(SearchReply reply, SearchNamespace(view, request));
  for (const SearchHit& hit : reply.hits) NoteReads(view, hit.memory);
  return reply;
}

Result<NamedEdgePage> LocalEngine::ListEdges(const NamespaceRef& ns, const EdgeListQuery& query) {
  ASSIGN_OR_RETURN(const ReadView view, View(ns, {}));
  return ListNamedEdges(view, query);
}

Result<NodeView> LocalEngine::GetNode(const NamespaceRef& ns, const std::string& id) {
  ASSIGN_OR_RETURN(const ReadView view, View(ns, {}));
  return ReadNode(view, id);
}

Result<ExpandReply> LocalEngine::Expand(const NamespaceRef& ns, const WalkRequest& request) {
  ASSIGN_OR_RETURN(const ReadView view, View(ns, {}));
  return ExpandGraph(view, request);
}

Result<PathReply> LocalEngine::FindPath(const NamespaceRef& ns, const WalkRequest& request) {
  ASSIGN_OR_RETURN(const ReadView view, View(ns, {}));
  return FindGraphPath(view, request);
}

Result<RankReply> LocalEngine::Rank(const NamespaceRef& ns, const WalkRequest& request) {
  ASSIGN_OR_RETURN(const ReadView view, View(ns, {}));
  return RankGraph(view, request);
}

EngineStatus LocalEngine::Status() {
  EngineStatus status;
  const auto snapshot = store_->Snapshot();
  if (const auto bytes = SystemRows(*snapshot).Get(Key(keys::kNamespaceCount)); bytes.ok() && *bytes) {
    status.namespaces = ByteReader(**bytes).Key64();
  }
  const IndexRegistry::Usage usage = registry_->usage();
  status.namespaces_loaded = usage.namespaces;
  status.index_memory_bytes = usage.bytes;
  status.queued_mutations = committer_->queued();
  status.disk_bytes = store_->DiskBytes();
  const auto free = space_->bytes();
  status.disk_free_bytes = free.ok() ? *free : 0;
  status.out_of_space = store_->out_of_space() || !space_->Check(SpaceUse::kAdds).ok();
  status.refused_for_space = space_->refused();
  status.gauges = store_->Gauges();
  if (const auto waiting = erasure_sweep_->Waiting(); waiting.ok()) {
    status.gauges.emplace_back("engram_erasures_waiting_for_compaction", static_cast<double>(*waiting));
  }
  status.gauges.emplace_back("engram_damaged_namespaces", static_cast<double>(damaged_.size()));
  status.index_loads = usage.loads;
  status.index_evictions = usage.evictions;
  const Sealer::Counts sealing = sealer_->counts();
  status.segments_sealed = sealing.sealed;
  status.segments_merged = sealing.merged;
  status.sealing_failures = sealing.failed;
  status.sealing_jobs = sealing.pending;
  status.namespaces_behind = usage.behind;
  return status;
}

engram::Status LocalEngine::SweepNow() { return background_->SweepNow(); }

Result<CheckReport> LocalEngine::CheckNamespace(const NamespaceRef& ns) {
  ASSIGN_OR_RETURN(const ReadView view, View(ns, {}));
  CheckReport report;
  ASSIGN_OR_RETURN(const NamespaceCounters counters, view.counters());
  report.memories = counters.memories;
  ASSIGN_OR_RETURN(const Resolved resolved, Resolve(ns));
  FindingList findings;
  const ScopedReader rows(*resolved.snapshot, keys::Scope(view.tenant(), view.ns()));
  const ScopedReader system = SystemRows(*resolved.snapshot);
  NamespaceCheck check{view.tenant(), view.ns(), rows, system};
  check.now = view.now();
  check.go_on = [&view] { return view.CheckDeadline(); };
  check.findings = &findings;
  ASSIGN_OR_RETURN(const bool begun, BeginCheck(&check));
  if (begun) RETURN_IF_ERROR(CheckRows(&check));
  for (const Finding& finding : findings.kept()) report.problems.push_back(ToText(finding));
  const auto live = registry_->Peek(view.tenant(), view.ns());
  if (live && live->position() == counters.position) {
    ASSIGN_OR_RETURN(const auto rebuilt, RebuildIndex(view));
    for (std::string& difference : live->DifferencesFrom(*rebuilt)) report.problems.push_back(std::move(difference));
  }
  return report;
}

}  // namespace engram
