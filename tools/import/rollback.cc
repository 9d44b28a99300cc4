#include "tools/import/rollback.h"

#include <algorithm>
#include <memory>
#include <set>
#include <utility>

#include "tools/import/archive_source.h"
#include "tools/import/batch.h"
#include "tools/import/import_row.h"

namespace engram {
namespace {

constexpr uint32_t kStep = 500;
constexpr size_t kBatchItems = 100;

// Reads the backup and gives the store what the import replaced.
class Restorer {
 public:
  Restorer(Client& client, const std::string& ns, const std::string& import_id)
      : client_(client), ns_(ns), import_id_(import_id), batch_({kBatchItems, BatchLimits().bytes}) {}

  Status Run(ImportSource& backup, Progress& progress) {
    uint64_t read = 0;
    while (true) {
      SourceRecord record;
      ASSIGN_OR_RETURN(const bool more, backup.Next(&record));
      if (!more) break;
      if (!record.problem.ok()) return record.problem;
      progress.Update(++read, backup.Fraction());
      if (std::holds_alternative<v1::NamespaceConfig>(record.item) || std::holds_alternative<Tombstone>(record.item)) {
        continue;
      }
      if (auto* edge = std::get_if<v1::Edge>(&record.item)) {
        if (edge->has_retired_at()) continue;
        edge->clear_version();
      }
      if (batch_.Refuses(record)) RETURN_IF_ERROR(Flush());
      batch_.Add(std::move(record));
    }
    return Flush();
  }

 private:
  Status Flush() {
    if (batch_.empty()) return {};
    RETURN_IF_ERROR(DropUntouched());
    v1::RollBackImportRequest request;
    request.set_id(import_id_);
    request.set_limit(1);
    *request.mutable_restore() = batch_.Request();
    const bool any = !batch_.empty();
    batch_.Clear();
    return any ? client_.RollBackImport(ns_, request).status() : Status();
  }

  // Most memories of a backup were never replaced: their texts need not travel.
  Status DropUntouched() {
    v1::ListImportedRequest request;
    request.set_id(import_id_);
    for (std::string& id : batch_.MemoryIds()) request.add_memory_ids(std::move(id));
    if (request.memory_ids_size() == 0) return {};
    ASSIGN_OR_RETURN(const v1::ListImportedReply reply, client_.ListImported(ns_, request));
    std::set<std::string> replaced;
    for (const v1::ImportedItem& item : reply.items()) {
      if (item.replaced() && !item.kept()) replaced.insert(item.id());
    }
    batch_.RemoveMemories([&](const v1::Memory* memory, bool) { return replaced.count(memory->id()) == 0; });
    return {};
  }

  Client& client_;
  const std::string& ns_;
  const std::string& import_id_;
  ImportBatch batch_;
};

}  // namespace

Result<RollbackPlan> PlanRollback(Client& client, const std::string& ns, const std::string& import_id,
                                  const LeftVisitor& left) {
  RollbackPlan plan;
  RETURN_IF_ERROR(VisitImported(client, ns, import_id, [&](const v1::ImportedItem& item) {
    const bool stays = item.kept() || item.now() == "changed" || (item.now() == "gone" && !item.id().empty());
    if (stays) {
      ++plan.kept;
      left(item);
    } else if (item.now() == "gone") {
      ++plan.gone;
    } else if (item.replaced()) {
      ++plan.replaced;
      left(item);
    } else {
      ++plan.removable;
      if (item.now() == "expired") ++plan.expired;
    }
    return Status();
  }));
  return plan;
}

Result<RollbackPlan> RollBack(Client& client, const std::string& ns, const v1::ImportProgress& import,
                              const std::string& backup, const LeftVisitor& left, Progress& progress) {
  std::unique_ptr<ArchiveSource> archive;
  if (!backup.empty()) {
    ASSIGN_OR_RETURN(archive, ArchiveSource::Open(backup));
  }
  v1::RollBackImportRequest request;
  request.set_id(import.id());
  request.set_limit(kStep);
  const uint64_t brought = import.memory_counts().created() + import.node_counts().created() +
                           import.run_counts().created() + import.edge_counts().created();
  // Until a call finds nothing: what is left then was replaced, or stays.
  uint64_t removed = 0;
  for (bool any = true; any;) {
    ASSIGN_OR_RETURN(const v1::RollBackImportReply reply, client.RollBackImport(ns, request));
    removed += reply.removed();
    any = reply.more();
    const double whole = static_cast<double>(std::max<uint64_t>(1, brought));
    progress.Update(removed, std::min(1.0, static_cast<double>(removed) / whole));
  }
  progress.Finish();
  if (archive) RETURN_IF_ERROR(Restorer(client, ns, import.id()).Run(*archive, progress));
  ASSIGN_OR_RETURN(const RollbackPlan plan, PlanRollback(client, ns, import.id(), left));
  request.set_finish(true);
  for (bool more = true; more;) {
    ASSIGN_OR_RETURN(const v1::RollBackImportReply reply, client.RollBackImport(ns, request));
    more = reply.more();
  }
  ASSIGN_OR_RETURN(const v1::ImportProgress row, GetImportRow(client, ns, import.id()));
  if (row.state() == v1::IMPORT_STATE_ROLLED_BACK) return plan;
  return Internal("the rollback came to its end and its state says otherwise");
}

}  // namespace engram
