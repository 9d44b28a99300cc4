#include "engine/segments/sealer.h"

#include <algorithm>
#include <future>

#include "base/log.h"
#include "engine/keys.h"
#include "engine/namespace_index.h"
#include "index/text/text_segment.h"

namespace engram {
namespace {

bool Contains(const std::vector<SegmentRow>& rows, uint32_t number) {
  return std::any_of(rows.begin(), rows.end(), [&](const SegmentRow& row) { return row.number == number; });
}

}  // namespace

Sealer::Sealer(const Store* store, IndexRegistry* registry, Committer* committer, const SegmentFolder* folder,
               SealQueue* queue, const SealerOptions& options)
    : store_(store), registry_(registry), committer_(committer), folder_(folder), queue_(queue), options_(options) {
  thread_ = std::thread([this] { Run(); });
}

Sealer::~Sealer() {
  queue_->Close();
  thread_.join();
}

void Sealer::Run() {
  while (const auto job = queue_->Pop()) {
    Handle(*job, true);
    for (const SealJob& later : std::exchange(postponed_, {})) queue_->Push(later);
  }
}

void Sealer::Handle(const SealJob& job, bool may_merge) {
  Status status;
  switch (job.kind) {
    case SealJob::Kind::kSeal: status = Seal(job, may_merge); break;
    case SealJob::Kind::kDiscard: status = Discard(job); break;
    case SealJob::Kind::kDrop: status = Drop(job); break;
  }
  if (status.ok() || queue_->closed()) return;
  // What is frozen stays in memory and is tried again with the next stretch.
  ++failed_;
  Log(LogLevel::kWarning, "sealing_failed",
      {{"tenant", job.tenant.value}, {"namespace", job.ns.value}, {"error", status.ToString()}});
}

bool Sealer::Breathe() {
  while (const auto job = queue_->TryPop()) Handle(*job, false);
  return !queue_->closed();
}

Status Sealer::Seal(const SealJob& job, bool may_merge) {
  const auto index = registry_->Peek(job.tenant, job.ns);
  if (!index) return {};  // unloaded meanwhile: its rows are its index, until it is asked for
  const NamespaceIndex::Unsealed unsealed = index->unsealed();
  if (unsealed.rows >= options_.rows_max || unsealed.bytes >= options_.bytes_max) {
    if (const auto task = index->BeginSeal(options_.graph_rows_min)) RETURN_IF_ERROR(Execute(job, index, *task));
  }
  if (!may_merge) {
    postponed_.push_back(job);
    return {};
  }
  while (!queue_->closed()) {
    const auto task = index->NextMerge(options_.merge, options_.graph_rows_min);
    if (!task) return {};
    RETURN_IF_ERROR(Execute(job, index, *task));
    ++merged_;
    (void)Breathe();
  }
  return {};
}

Status Sealer::Execute(const SealJob& job, const std::shared_ptr<NamespaceIndex>& index, const SealTask& task) {
  std::vector<SealedPart> sealed;
  const auto written = [&]() -> Status {
    for (const SealPart& part : task.parts) {
      ASSIGN_OR_RETURN(SealedPart done, Write(job, *index, task, part));
      sealed.push_back(std::move(done));
    }
    if (index->outdated()) return Unavailable("the index is being loaded anew");
    PublishSegments change;
    for (const SegmentRow& row : task.replaced) change.removed.push_back(row.number);
    for (const SealedPart& part : sealed) {
      if (part.row) change.added.push_back(*part.row);
    }
    // Rows that this index was loaded without name files that are of no use.
    ASSIGN_OR_RETURN(const auto stored, Manifest(job));
    const std::vector<SegmentRow> known = index->segments();
    for (const SegmentRow& row : stored) {
      if (!Contains(known, row.number)) change.removed.push_back(row.number);
    }
    return Publish(job, std::move(change));
  }();
  if (!written.ok()) {
    for (const SealedPart& part : sealed) {
      if (part.row) RETURN_IF_ERROR(folder_->Remove({job.tenant, job.ns, part.row->number}));
    }
    return written;
  }
  index->Adopt(task, sealed);
  ++sealed_;
  for (const SegmentRow& row : task.replaced) RETURN_IF_ERROR(folder_->Remove({job.tenant, job.ns, row.number}));
  return {};
}

Result<SealedPart> Sealer::Write(const SealJob& job, const NamespaceIndex& index, const SealTask& task,
                                 const SealPart& part) {
  SealedPart done;
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
  } else {
    SealOptions options;
    options.graph = part.graph;
    options.position = task.position;
    options.progress = [this](double) { return Breathe(); };
    ASSIGN_OR_RETURN(done.vector, VectorIndex::Seal(part.vectors, folder_->files(), path, options));
    if (!done.vector) return done;
    ASSIGN_OR_RETURN(row.bytes, folder_->files().FileSize(path));
  }
  done.row = std::move(row);
  return done;
}

Status Sealer::Publish(const SealJob& job, PublishSegments change) {
  if (change.removed.empty() && change.added.empty()) return {};
  Mutation mutation;
  mutation.tenant = job.tenant;
  mutation.namespace_id = job.ns;
  mutation.operations.emplace_back(std::move(change));
  std::promise<MutationResult> done;
  auto future = done.get_future();
  committer_->Submit(std::move(mutation), Durability::kBuffered,
                     [&done](MutationResult result) { done.set_value(std::move(result)); });
  return future.get().status;
}

Status Sealer::Discard(const SealJob& job) {
  const auto index = registry_->Peek(job.tenant, job.ns);
  ASSIGN_OR_RETURN(const auto rows, Manifest(job));
  PublishSegments change;
  for (const SegmentRow& row : rows) change.removed.push_back(row.number);
  RETURN_IF_ERROR(Publish(job, std::move(change)));
  if (index) registry_->Forget(job.tenant, job.ns, index);
  for (const SegmentRow& row : rows) RETURN_IF_ERROR(folder_->Remove({job.tenant, job.ns, row.number}));
  return {};
}

Status Sealer::Drop(const SealJob& job) {
  next_numbers_.erase({job.tenant, job.ns});
  const auto wanted = [&](const SegmentName& name) -> Result<bool> {
    return name.tenant != job.tenant || name.ns != job.ns;
  };
  return folder_->RemoveFiles(wanted).status();
}

Result<std::vector<SegmentRow>> Sealer::Manifest(const SealJob& job) const {
  const auto snapshot = store_->Snapshot();
  return ReadSegmentRows(ScopedReader(*snapshot, keys::Scope(job.tenant, job.ns)));
}

Result<uint32_t> Sealer::NextNumber(const SealJob& job) {
  const auto [at, is_new] = next_numbers_.try_emplace({job.tenant, job.ns}, 0);
  if (is_new) {
    ASSIGN_OR_RETURN(const auto rows, Manifest(job));
    for (const SegmentRow& row : rows) at->second = std::max(at->second, row.number);
  }
  return ++at->second;
}

}  // namespace engram
