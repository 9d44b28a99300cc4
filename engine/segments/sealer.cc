#include "engine/segments/sealer.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <future>

#include "base/failpoint.h"
#include "base/log.h"
#include "engine/keys.h"
#include "engine/namespace_index.h"
#include "index/text/text_segment.h"

namespace engram {
namespace {

// A thread that is so much nicer has about a quarter of a core beside as many busy ones as there are cores: the
// scheduler weighs 335 against their 1,024.
constexpr int kMergeNiceness = 5;
// Of an index that rests, so many times fewer rows get a segment, and a graph.
constexpr uint64_t kFewerRows = 4;
constexpr size_t kFewerGraphRows = 8;
// With so many vectors waiting for a graph, merges have no lower priority than searches. (Threads may be lowered, not
// raised, so every merge has its own.)
constexpr uint64_t kFlatRowsUrgent = 500'000;

// Below that of the process, whatever it was started with.
void LowerPriority() {
  const auto self = static_cast<id_t>(gettid());
  (void)setpriority(PRIO_PROCESS, self, getpriority(PRIO_PROCESS, self) + kMergeNiceness);
}

bool Contains(const std::vector<SegmentRow>& rows, uint32_t number) {
  return std::any_of(rows.begin(), rows.end(), [&](const SegmentRow& row) { return row.number == number; });
}

}  // namespace

Sealer::Sealer(const Store* store, IndexRegistry* registry, Committer* committer, const SegmentFolder* folder,
               SealQueue* queue, const SealerOptions& options)
    : store_(store), registry_(registry), committer_(committer), folder_(folder), queue_(queue), options_(options) {}

Sealer::~Sealer() {
  queue_->Close();
  merges_.Close();
  vector_merges_.Close();
  for (std::thread* thread : {&sealing_, &merging_, &merging_vectors_}) {
    if (thread->joinable()) thread->join();
  }
}

void Sealer::Start() {
  sealing_ = std::thread([this] { RunSealing(); });
  merging_ = std::thread([this] { Run(&merges_); });
  merging_vectors_ = std::thread([this] { Run(&vector_merges_); });
}

void Sealer::Run(SealQueue* queue) {
  while (const auto job = queue->Pop()) Work(*job, queue);
}

void Sealer::RunSealing() {
  if (options_.rest.count() == 0) return Run(queue_);
  auto next_look = std::chrono::steady_clock::now() + options_.rest;
  while (!queue_->closed()) {
    if (const auto job = queue_->PopWithin(options_.rest)) Work(*job, queue_);
    if (std::chrono::steady_clock::now() < next_look) continue;
    LookForResting();
    next_look = std::chrono::steady_clock::now() + options_.rest;
  }
}

void Sealer::Work(const SealJob& job, SealQueue* queue) {
  const Status status = Handle(job, queue);
  if (status.ok() || queue->closed()) return;
  // What is frozen stays in memory and is tried again with the next stretch.
  ++failed_;
  Log(LogLevel::kWarning, "sealing_failed",
      {{"tenant", job.tenant.value}, {"namespace", job.ns.value}, {"error", status.ToString()}});
  if (status.code() == StatusCode::kCorruption) queue_->Push({job.tenant, job.ns, SealJob::Kind::kDiscard});
}

void Sealer::LookForResting() {
  std::map<std::pair<TenantId, NamespaceId>, Position> positions;
  for (const auto& [tenant, ns] : registry_->Loaded()) {
    const auto index = registry_->Peek(tenant, ns);
    if (!index || index->unsealed().rows < options_.limits.rows / kFewerRows || index->segments().empty()) continue;
    const Position now = index->position();
    positions[{tenant, ns}] = now;
    const auto before = looked_at_.find({tenant, ns});
    if (before != looked_at_.end() && before->second == now) queue_->Push({tenant, ns, SealJob::Kind::kRest});
  }
  looked_at_ = std::move(positions);
}

Status Sealer::Handle(const SealJob& job, SealQueue* queue) {
  switch (job.kind) {
    case SealJob::Kind::kMerge: return Merge(job, queue);
    case SealJob::Kind::kRest: return queue == queue_ ? Seal(job) : Merge(job, queue);
    case SealJob::Kind::kSeal:
    case SealJob::Kind::kLoad:
    case SealJob::Kind::kErased: return Seal(job);
    case SealJob::Kind::kDiscard: return Discard(job);
    case SealJob::Kind::kDrop: return Drop(job);
  }
  return {};
}

Status Sealer::Seal(const SealJob& job) {
  FAILPOINT("seal.begin");
  if (job.kind == SealJob::Kind::kErased) FAILPOINT("erase.begin");
  auto index = registry_->Peek(job.tenant, job.ns);
  if (!index) {
    // Unloaded meanwhile: its rows are its index, until it is asked for.
    if (job.kind == SealJob::Kind::kSeal || job.kind == SealJob::Kind::kRest) return {};
    if (job.kind == SealJob::Kind::kErased) {
      ASSIGN_OR_RETURN(const auto rows, Manifest(job));
      if (rows.empty()) return {};
    }
    ASSIGN_OR_RETURN(index, registry_->Load(job.tenant, job.ns));
  }
  const bool rests = job.kind == SealJob::Kind::kRest;
  SealLimits limits = options_.limits;
  if (rests) limits.rows /= kFewerRows;
  if (limits.Reached(index->unsealed())) {
    if (const auto task = index->BeginSeal(limits)) {
      RETURN_IF_ERROR(Execute(job, index.get(), *task));
      ++sealed_;
    }
  }
  const SealJob merge{job.tenant, job.ns, rests ? SealJob::Kind::kRest : SealJob::Kind::kMerge};
  merges_.Push(merge);
  vector_merges_.Push(merge);
  return {};
}

Status Sealer::SealLoading(TenantId tenant, NamespaceId ns, NamespaceIndex* index) {
  if (queue_->closed()) return Unavailable("the store is being closed");
  // On a full disk it stays in memory, as far as the budget goes: reads go on.
  if (!options_.space->Check(SpaceUse::kAdds).ok()) return {};
  const auto task = index->BeginSeal(options_.limits);
  if (!task) return {};
  Status status = Execute({tenant, ns}, index, *task);
  if (status.ok()) ++sealed_;
  return status.code() == StatusCode::kOutOfSpace ? Status() : status;
}

Status Sealer::Merge(const SealJob& job, SealQueue* queue) {
  const auto index = registry_->Peek(job.tenant, job.ns);
  if (!index) return {};
  ASSIGN_OR_RETURN(const Position erased_at, LastErasure(job));
  MergePolicy policy = options_.merge;
  if (job.kind == SealJob::Kind::kRest) policy.graph_rows /= kFewerGraphRows;
  if (!index->was_read()) policy.graph_rows = SIZE_MAX;
  const bool of_vectors = queue == &vector_merges_;
  const auto task = of_vectors ? index->NextVectorMerge(policy, erased_at) : index->NextMerge(policy, erased_at);
  if (!task) return {};
  FAILPOINT("merge.begin");
  const bool urgent = of_vectors && index->flat_rows() >= kFlatRowsUrgent;
  Status status;
  std::thread([&] {
    if (!urgent) LowerPriority();
    status = Execute(job, index.get(), *task);
  }).join();
  RETURN_IF_ERROR(status);
  ++merged_;
  queue->Push(job);
  return {};
}

Status Sealer::Execute(const SealJob& job, NamespaceIndex* index, const SealTask& task) {
  // What the disk has left is for rows.
  RETURN_IF_ERROR(options_.space->Check(SpaceUse::kAdds));
  std::vector<WrittenPart> sealed;
  const auto write = [&]() -> Status {
    for (const SealPart& part : task.parts) {
      ASSIGN_OR_RETURN(WrittenPart done, Write(job, *index, task, part));
      sealed.push_back(std::move(done));
    }
    return Publish(job, index, task, sealed);
  };
  Status status = write();
  if (status.ok()) return {};
  for (const WrittenPart& part : sealed) {
    if (part.row) RETURN_IF_ERROR(folder_->Remove({job.tenant, job.ns, part.row->number}));
  }
  return status;
}

Result<WrittenPart> Sealer::Write(const SealJob& job, const NamespaceIndex& index, const SealTask& task,
                                  const SealPart& part) {
  WrittenPart done;
  SegmentRow row;
  ASSIGN_OR_RETURN(row.number, NextNumber(job));
  row.kind = part.kind;
  row.space = part.space;
  row.slots = task.slots;
  row.position = task.position;
  const std::string path = folder_->PathOf({job.tenant, job.ns, row.number});
  if (part.kind == SegmentKind::kText) {
    ASSIGN_OR_RETURN(row.bytes, SealTexts(folder_->files(), path, index.analyzer(), part.texts, task.position));
    if (row.bytes == 0) return done;
    ASSIGN_OR_RETURN(done.text, TextSegment::Open(folder_->files(), path, index.analyzer()));
  } else if (part.kind == SegmentKind::kAttribute) {
    ColumnRows columns = index.CopyColumns(task.slots);
    done.column_rows = columns.rows.size();
    if (done.column_rows == 0) return done;
    ASSIGN_OR_RETURN(row.bytes, WriteColumns(folder_->files(), path, std::move(columns), task.slots, task.position));
  } else {
    SealOptions options;
    options.graph = part.graph;
    options.position = task.position;
    options.progress = [this](double) { return !queue_->closed(); };
    ASSIGN_OR_RETURN(done.vector, VectorIndex::Seal(part.vectors, folder_->files(), path, options));
    if (!done.vector) return done;
    ASSIGN_OR_RETURN(row.bytes, folder_->files().FileSize(path));
    row.graph_tried = part.graph;
  }
  done.row = std::move(row);
  return done;
}

Status Sealer::Publish(const SealJob& job, NamespaceIndex* index, const SealTask& task,
                       const std::vector<WrittenPart>& sealed) {
  const MutexLock lock(publishing_);
  if (index->outdated()) return Unavailable("the index is being loaded anew");
  PublishSegments change;
  for (const SegmentRow& row : task.replaced) change.removed.push_back(row.number);
  for (const WrittenPart& part : sealed) {
    if (part.row) change.added.push_back(*part.row);
  }
  // Rows that this index was loaded without name files that are of no use.
  ASSIGN_OR_RETURN(const auto stored, Manifest(job));
  const std::vector<SegmentRow> known = index->segments();
  for (const SegmentRow& row : stored) {
    if (!Contains(known, row.number)) change.removed.push_back(row.number);
  }
  const std::vector<uint32_t> removed = change.removed;
  FAILPOINT("manifest.publish");
  if (Status status = Commit(job, std::move(change)); !status.ok()) {
    // The index is not of this manifest any more.
    if (status.code() == StatusCode::kFailedPrecondition) registry_->Forget(job.tenant, job.ns, index);
    return status;
  }
  KILLPOINT("manifest.published");
  index->Adopt(task, sealed);
  for (const uint32_t number : removed) RETURN_IF_ERROR(folder_->Remove({job.tenant, job.ns, number}));
  return {};
}

Status Sealer::Commit(const SealJob& job, PublishSegments change) {
  if (change.removed.empty() && change.added.empty()) return {};
  Mutation mutation;
  mutation.tenant = job.tenant;
  mutation.namespace_id = job.ns;
  mutation.operations.emplace_back(std::move(change));
  std::promise<MutationResult> done;
  auto future = done.get_future();
  // Synced: files that the manifest named until now are about to go.
  committer_->Submit(std::move(mutation), Durability::kSync,
                     [&done](MutationResult result) { done.set_value(std::move(result)); });
  return future.get().status;
}

Status Sealer::Discard(const SealJob& job) {
  const MutexLock lock(publishing_);
  const auto index = registry_->Peek(job.tenant, job.ns);
  ASSIGN_OR_RETURN(const auto rows, Manifest(job));
  PublishSegments change;
  for (const SegmentRow& row : rows) change.removed.push_back(row.number);
  RETURN_IF_ERROR(Commit(job, std::move(change)));
  if (index) registry_->Forget(job.tenant, job.ns, index.get());
  for (const SegmentRow& row : rows) RETURN_IF_ERROR(folder_->Remove({job.tenant, job.ns, row.number}));
  return {};
}

Status Sealer::Drop(const SealJob& job) {
  const MutexLock lock(publishing_);
  last_numbers_.erase({job.tenant, job.ns});
  const auto wanted = [&](const SegmentName& name) -> Result<bool> {
    return name.tenant != job.tenant || name.ns != job.ns;
  };
  return folder_->RemoveFiles(wanted).status();
}

Result<std::vector<SegmentRow>> Sealer::Manifest(const SealJob& job) const {
  const auto snapshot = store_->Snapshot();
  return ReadSegmentRows(ScopedReader(*snapshot, keys::Scope(job.tenant, job.ns)));
}

Result<Position> Sealer::LastErasure(const SealJob& job) const {
  const auto snapshot = store_->Snapshot();
  ASSIGN_OR_RETURN(const NamespaceCounters counters,
                   ReadCounters(ScopedReader(*snapshot, keys::Scope(job.tenant, job.ns))));
  return counters.erased_at;
}

Result<uint32_t> Sealer::NextNumber(const SealJob& job) {
  const MutexLock lock(publishing_);
  const auto [at, is_new] = last_numbers_.try_emplace({job.tenant, job.ns}, 0);
  if (is_new) {
    ASSIGN_OR_RETURN(const auto rows, Manifest(job));
    for (const SegmentRow& row : rows) at->second = std::max(at->second, row.number);
  }
  return ++at->second;
}

}  // namespace engram
