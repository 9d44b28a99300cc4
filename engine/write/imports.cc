#include "engine/write/imports.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/imported_rows.h"
#include "engine/write/graph_writes.h"
#include "engine/write/memory_writes.h"
#include "engine/write/runs.h"
#include "engine/write/versions.h"
#include "graph/edge_store.h"

namespace engram {
namespace {

using keys::Key;

void PutImport(Transaction& tx, ImportStatus* status) {
  status->updated_at = tx.log_time();
  tx.batch().Put(Key(keys::kImport).AddRaw(status->id), EncodeImport(*status));
}

Result<std::optional<ImportedRow>> FindImported(Transaction& tx, const std::string& key) {
  ASSIGN_OR_RETURN(const auto bytes, tx.rows().Get(key));
  if (!bytes) return std::optional<ImportedRow>();
  ASSIGN_OR_RETURN(ImportedRow row, DecodeImported(*bytes));
  return std::optional<ImportedRow>(row);
}

Result<std::optional<Version>> LiveVersion(Transaction& tx, const std::string& id) {
  ASSIGN_OR_RETURN(const auto row, FindId(tx.rows(), id));
  return row && row->is_memory && row->live ? std::optional<Version>(row->version) : std::nullopt;
}

// Notes that the import left `row.version` behind, where `before` was. What it made itself and nobody has written since
// stays its own.
Status PutImported(Transaction& tx, const std::string& key, std::optional<Version> before, ImportedRow row) {
  ASSIGN_OR_RETURN(const auto known, FindImported(tx, key));
  const bool own = known && !known->kept && !known->replaced && before == known->version;
  row.replaced = before.has_value() && !own;
  tx.batch().Put(key, EncodeImported(row));
  return {};
}

Result<std::string> EntityBytes(Transaction& tx, NodeNumber node) {
  ASSIGN_OR_RETURN(auto bytes, tx.rows().Get(Key(keys::kEntity).Add(node)));
  if (!bytes) return Corruption(fmt::format("the row of entity number {} is missing", node.value));
  return *std::move(bytes);
}

// Forgets up to `rows_max` of what a rollback has left in its place: nobody asks for it again. True when none is left.
Result<bool> SweepImported(Transaction& tx, const ImportStatus& status, uint32_t rows_max) {
  std::vector<std::string> keys;
  const auto it = tx.rows().ScanPrefix(ImportedPrefix(status));
  for (; it->Valid() && keys.size() < rows_max; it->Next()) keys.emplace_back(it->key());
  RETURN_IF_ERROR(it->status());
  const bool all = !it->Valid();
  for (const std::string& key : keys) tx.batch().Delete(key);
  return all;
}

// The walk of a rollback over what its import brought.
class RollBack {
 public:
  RollBack(Transaction& tx, const RollBackImport& op, ImportStatus* status, std::vector<OperationResult>* results)
      : tx_(tx), op_(op), status_(*status), prefix_(ImportedPrefix(*status)), results_(*results) {}

  Status Restore() {
    for (const WriteMemory& memory : op_.memories) RETURN_IF_ERROR(RestoreMemory(memory));
    for (const WriteNode& write : op_.nodes) {
      ASSIGN_OR_RETURN(const auto row, FindId(tx_.rows(), write.node.id));
      if (!row) continue;
      const std::string key = ImportedNodeKey(status_, ImportedKind::kNode, row->node);
      RETURN_IF_ERROR(RestoreOne(key, [&] { return ApplyWriteNode(tx_, write).status(); }));
    }
    for (const WriteRun& write : op_.runs) {
      ASSIGN_OR_RETURN(const auto number, FindRunNumber(tx_.rows(), write.scopes));
      if (!number) continue;
      RETURN_IF_ERROR(RestoreOne(ImportedRunKey(status_, *number), [&] { return PutRun(tx_, write).status(); }));
    }
    for (const WriteEdge& write : op_.edges) {
      const std::string key = ImportedEdgeKey(status_, write.edge.id);
      RETURN_IF_ERROR(RestoreOne(key, [&] { return ApplyWriteEdge(tx_, write).status(); }));
    }
    return {};
  }

  // Up to rows_max; true when none is left. What is over goes first: it may keep a node.
  Result<bool> Remove() {
    const std::string over = prefix_ + static_cast<char>(ImportedKind::kTombstone);
    uint32_t left = op_.rows_max;
    if (status_.rolled_to.empty() || status_.rolled_to >= over) {
      ASSIGN_OR_RETURN(const bool all, RemoveBetween(std::max(over, status_.rolled_to), PrefixEnd(prefix_), &left));
      if (!all) return false;
      status_.rolled_to = prefix_;
    }
    return RemoveBetween(status_.rolled_to, over, &left);
  }

 private:
  // From behind `after` on: before it are the traces of all that were removed, which a scan would walk.
  Result<bool> RemoveBetween(const std::string& after, const std::string& end, uint32_t* left) {
    std::vector<std::pair<std::string, ImportedRow>> rows;
    const auto it = tx_.rows().Scan(after + '\0', end);
    for (; it->Valid() && rows.size() < *left; it->Next()) {
      ASSIGN_OR_RETURN(const ImportedRow row, DecodeImported(it->value()));
      rows.emplace_back(it->key(), row);
    }
    RETURN_IF_ERROR(it->status());
    const bool all = !it->Valid();
    *left -= static_cast<uint32_t>(rows.size());
    for (const auto& [key, row] : rows) {
      status_.rolled_to = key;
      if (row.kept || row.replaced) continue;  // what it replaced is brought back, or left at the end
      ASSIGN_OR_RETURN(const ImportedRef ref, ParseImportedKey(prefix_, key));
      RETURN_IF_ERROR(RemoveOne(key, ref, row));
    }
    return all;
  }

  Status RemoveOne(const std::string& key, const ImportedRef& ref, const ImportedRow& row) {
    ASSIGN_OR_RETURN(const ImportedItem item, DescribeImported(tx_.rows(), ref, row));
    switch (ref.kind) {
      case ImportedKind::kEdge: return RemoveEdge(key, row, item);
      case ImportedKind::kMemory: return RemoveMemory(key, row, item);
      case ImportedKind::kNode: return RemoveNode(key, ref, row, item);
      case ImportedKind::kRun: return RemoveEmptyRun(key, ref, row, item);
      case ImportedKind::kTombstone: return RemoveTombstone(key, row, item);
      case ImportedKind::kEndedEdge: return RemoveEndedEdge(key, item);
    }
    return Internal("no such kind of imported row");
  }

  Status RemoveEdge(const std::string& key, const ImportedRow& row, const ImportedItem& item) {
    if (item.now == ImportedItem::Now::kGone) return Forget(key);
    if (item.now == ImportedItem::Now::kChanged) return Keep(key, row, item);
    ASSIGN_OR_RETURN(const auto erased, EraseEdge(tx_.rows(), item.id, tx_.batch()));
    if (erased) {
      --tx_.counters.edges;
      tx_.counters.edges_digest -= EdgeDigest(*erased);
      tx_.Tell(EdgesErased{});
    }
    return Removed(key, item);
  }

  Status RemoveMemory(const std::string& key, const ImportedRow& row, const ImportedItem& item) {
    if (item.id.empty()) return Forget(key);
    if (item.now == ImportedItem::Now::kChanged) return Keep(key, row, item);
    if (item.now == ImportedItem::Now::kGone) {
      ASSIGN_OR_RETURN(const auto last, FindId(tx_.rows(), item.id));
      return last && last->is_memory ? Keep(key, row, item) : Forget(key);
    }
    RETURN_IF_ERROR(EraseMemory(tx_, item.id).status());
    return Removed(key, item);
  }

  Status RemoveTombstone(const std::string& key, const ImportedRow& row, const ImportedItem& item) {
    if (item.now == ImportedItem::Now::kGone) return Forget(key);
    if (item.now == ImportedItem::Now::kChanged) return Keep(key, row, item);
    RETURN_IF_ERROR(EraseMemory(tx_, item.id).status());
    return Removed(key, item);
  }

  Status RemoveEndedEdge(const std::string& key, const ImportedItem& item) {
    ASSIGN_OR_RETURN(const bool erased, EraseEndedEdge(tx_.rows(), item.id, item.version, tx_.batch()));
    return erased ? Removed(key, item) : Forget(key);
  }

  Status RemoveNode(const std::string& key, const ImportedRef& ref, const ImportedRow& row, const ImportedItem& item) {
    if (item.now == ImportedItem::Now::kGone) return Forget(key);
    EdgeQuery any;
    any.node = ref.node;
    any.include_retired = true;
    any.limit = 1;
    ASSIGN_OR_RETURN(const EdgePage edges, ListEdges(tx_.rows(), any));
    if (item.now == ImportedItem::Now::kChanged || !edges.edges.empty()) return Keep(key, row, item);
    ASSIGN_OR_RETURN(const std::string bytes, EntityBytes(tx_, ref.node));
    ASSIGN_OR_RETURN(Node node, DecodeNode(bytes));
    node.id = item.id;
    tx_.counters.nodes_digest -= NodeDigest(node);
    --tx_.counters.nodes;
    tx_.batch().Delete(Key(keys::kEntity).Add(ref.node));
    tx_.batch().Delete(Key(keys::kNode).Add(ref.node));
    tx_.batch().Delete(keys::Id(item.id));
    return Removed(key, item);
  }

  Status RemoveEmptyRun(const std::string& key, const ImportedRef& ref, const ImportedRow& row,
                        const ImportedItem& item) {
    if (item.now == ImportedItem::Now::kGone) return Forget(key);
    ASSIGN_OR_RETURN(const auto run, ReadRun(tx_.rows(), ref.run));
    if (item.now == ImportedItem::Now::kChanged || run->memories > 0) return Keep(key, row, item);
    ASSIGN_OR_RETURN(const auto by_name, FindRunNumber(tx_.rows(), run->scopes));
    if (by_name && *by_name == ref.run) tx_.batch().Delete(keys::Run(run->scopes));
    RemoveRun(tx_, ref.run, *run);
    return Removed(key, item);
  }

  // What stood there before comes back with its whole history, under the same number: edges to it stay.
  Status RestoreMemory(const WriteMemory& memory) {
    ASSIGN_OR_RETURN(const auto row, FindId(tx_.rows(), memory.id));
    if (!row || !row->is_memory) return {};
    const std::string key = ImportedNodeKey(status_, ImportedKind::kMemory, row->node);
    return RestoreOne(key, [&]() -> Status {
      RETURN_IF_ERROR(ForgetVersions(tx_, memory.id));
      tx_.takes_duplicates = true;
      const auto written = ApplyWrite(tx_, memory);
      tx_.takes_duplicates = false;
      return written.status();
    });
  }

  template <class Write>
  Status RestoreOne(const std::string& key, const Write& write) {
    ASSIGN_OR_RETURN(const auto row, FindImported(tx_, key));
    if (!row || !row->replaced || row->kept) return {};
    ASSIGN_OR_RETURN(const ImportedRef ref, ParseImportedKey(prefix_, key));
    ASSIGN_OR_RETURN(const ImportedItem item, DescribeImported(tx_.rows(), ref, *row));
    if (item.now != ImportedItem::Now::kAsWritten) return Keep(key, *row, item);
    RETURN_IF_ERROR(write());
    tx_.batch().Delete(key);
    ++status_.restored;
    results_.push_back({item.id, item.version, Outcome::kUpdated});
    return {};
  }

  Status Forget(const std::string& key) {
    tx_.batch().Delete(key);
    return {};
  }

  Status Removed(const std::string& key, const ImportedItem& item) {
    tx_.batch().Delete(key);
    ++status_.removed;
    results_.push_back({item.id, item.version, Outcome::kDeleted});
    return {};
  }

  Status Keep(const std::string& key, ImportedRow row, const ImportedItem& item) {
    row.kept = true;
    tx_.batch().Put(key, EncodeImported(row));
    ++status_.kept;
    results_.push_back({item.id, item.version, Outcome::kSkipped});
    return {};
  }

  Transaction& tx_;
  const RollBackImport& op_;
  ImportStatus& status_;
  const std::string prefix_;
  std::vector<OperationResult>& results_;
};

}  // namespace

Status ImportRecorder::Begin() {
  before_ = tx_.counters.position;
  ASSIGN_OR_RETURN(auto found, FindImport(tx_.rows(), import_.id));
  if (found && found->state == ImportState::kRollingBack) {
    return FailedPrecondition(fmt::format("import \"{}\" is being rolled back: let that finish first", import_.id))
        .At("import.id");
  }
  const bool anew = found && found->state == ImportState::kRolledBack;
  if (found && !anew) {
    status_ = *std::move(found);
    return {};
  }
  status_.id = import_.id;
  status_.generation = anew ? found->generation + 1 : 0;
  status_.state = ImportState::kPlanned;
  status_.started_at = tx_.log_time();
  status_.begin = before_;
  status_.end = before_;
  return {};
}

Status ImportRecorder::Before(const Operation& operation) {
  wrote_ = true;
  next_node_ = tx_.counters.next_node;
  next_run_ = tx_.counters.next_run;
  live_version_.reset();
  there_ = false;
  if (const auto* memory = std::get_if<WriteMemory>(&operation)) {
    ASSIGN_OR_RETURN(live_version_, LiveVersion(tx_, memory->id));
  } else if (const auto* write = std::get_if<WriteNode>(&operation)) {
    ASSIGN_OR_RETURN(const auto row, FindId(tx_.rows(), write->node.id));
    there_ = row.has_value();
  } else if (const auto* edge = std::get_if<WriteEdge>(&operation); edge != nullptr && !edge->edge.id.empty()) {
    ASSIGN_OR_RETURN(const auto current, FindEdge(tx_.rows(), edge->edge.id));
    if (current) live_version_ = current->version;
  }
  return {};
}

Status ImportRecorder::After(const Operation& operation, const OperationResult& result) {
  if (std::holds_alternative<WriteMemory>(operation)) return NoteMemory(result);
  if (std::holds_alternative<WriteTombstone>(operation)) return NoteTombstone(result);
  if (const auto* edge = std::get_if<WriteEdge>(&operation)) {
    return edge->ended ? NoteEndedEdge(result) : NoteEdge(*edge, result);
  }
  if (std::holds_alternative<WriteNode>(operation)) return NoteNode(result);
  if (const auto* run = std::get_if<WriteRun>(&operation)) {
    Count(ImportedKind::kRun, result.outcome);
    ASSIGN_OR_RETURN(const auto number, FindRunNumber(tx_.rows(), run->scopes));
    if (number) return NoteRun(*number, tx_.counters.next_run > next_run_);
  }
  return {};
}

Status ImportRecorder::NoteMemory(const OperationResult& result) {
  Count(ImportedKind::kMemory, result.outcome);
  if (result.outcome != Outcome::kCreated && result.outcome != Outcome::kUpdated) return {};
  ASSIGN_OR_RETURN(const auto row, FindId(tx_.rows(), result.id));
  if (!row) return Corruption(fmt::format("memory \"{}\" was just written and is not there", result.id));
  ImportedRow imported;
  imported.version = result.version;
  // One that was due stood there, too, but ended with this write.
  const auto before = result.outcome == Outcome::kUpdated ? live_version_ : std::nullopt;
  const std::string key = ImportedNodeKey(status_, ImportedKind::kMemory, row->node);
  RETURN_IF_ERROR(PutImported(tx_, key, before, imported));
  if (row->run && tx_.counters.next_run > next_run_) RETURN_IF_ERROR(NoteRun(*row->run, /*made=*/true));
  return {};
}

Status ImportRecorder::NoteTombstone(const OperationResult& result) {
  Count(ImportedKind::kTombstone, result.outcome);
  if (result.outcome != Outcome::kCreated) return {};
  ASSIGN_OR_RETURN(const auto row, FindId(tx_.rows(), result.id));
  if (!row) return Corruption(fmt::format("the tombstone of \"{}\" was just written and is not there", result.id));
  ImportedRow imported;
  imported.version = result.version;
  tx_.batch().Put(ImportedNodeKey(status_, ImportedKind::kTombstone, row->node), EncodeImported(imported));
  return {};
}

Status ImportRecorder::NoteEndedEdge(const OperationResult& result) {
  Count(ImportedKind::kEndedEdge, result.outcome);
  if (result.outcome != Outcome::kCreated) return {};
  ImportedRow imported;
  imported.version = result.version;
  tx_.batch().Put(ImportedEndedEdgeKey(status_, result.id, result.version), EncodeImported(imported));
  return {};
}

Status ImportRecorder::NoteEdge(const WriteEdge& write, const OperationResult& result) {
  Count(ImportedKind::kEdge, result.outcome);
  if (result.outcome == Outcome::kCreated || result.outcome == Outcome::kUpdated) {
    ImportedRow imported;
    imported.version = result.version;
    // With a default id it is known only now; then what was there is the version before.
    std::optional<Version> before = live_version_;
    if (write.edge.id.empty() && result.outcome == Outcome::kUpdated) before = Version(result.version.value - 1);
    RETURN_IF_ERROR(PutImported(tx_, ImportedEdgeKey(status_, result.id), before, imported));
  }
  for (NodeNumber made = next_node_; made < tx_.counters.next_node; made = made.Next()) {
    ASSIGN_OR_RETURN(const std::string bytes, EntityBytes(tx_, made));
    ASSIGN_OR_RETURN(Node node, DecodeNode(bytes));
    ImportedRow imported;
    imported.hash = HashNode(std::move(node));
    tx_.batch().Put(ImportedNodeKey(status_, ImportedKind::kNode, made), EncodeImported(imported));
  }
  return {};
}

Status ImportRecorder::NoteNode(const OperationResult& result) {
  Count(ImportedKind::kNode, result.outcome);
  if (result.outcome != Outcome::kCreated && result.outcome != Outcome::kUpdated) return {};
  ASSIGN_OR_RETURN(const auto row, FindId(tx_.rows(), result.id));
  if (!row || row->is_memory) return Corruption(fmt::format("entity \"{}\" was just written", result.id));
  ASSIGN_OR_RETURN(const std::string bytes, EntityBytes(tx_, row->node));
  ASSIGN_OR_RETURN(Node node, DecodeNode(bytes));
  const std::string key = ImportedNodeKey(status_, ImportedKind::kNode, row->node);
  ASSIGN_OR_RETURN(const auto known, FindImported(tx_, key));
  ImportedRow imported;
  imported.replaced = there_ && !(known && !known->replaced && !known->kept);
  imported.hash = HashNode(std::move(node));
  tx_.batch().Put(key, EncodeImported(imported));
  return {};
}

Status ImportRecorder::NoteRun(uint32_t number, bool made) {
  ASSIGN_OR_RETURN(const auto run, ReadRun(tx_.rows(), number));
  if (!run) return Corruption(fmt::format("run number {} was just written and is not there", number));
  const std::string key = ImportedRunKey(status_, number);
  ASSIGN_OR_RETURN(const auto known, FindImported(tx_, key));
  ImportedRow imported;
  imported.replaced = !made && !(known && !known->replaced && !known->kept);
  imported.hash = HashRun(*run);
  tx_.batch().Put(key, EncodeImported(imported));
  return {};
}

void ImportRecorder::Count(ImportedKind kind, Outcome outcome) {
  ImportCounts& counts = status_.counts[static_cast<size_t>(kind)];
  if (kind == ImportedKind::kMemory) ++status_.memories;
  if (outcome == Outcome::kCreated) ++counts.created;
  if (outcome == Outcome::kUpdated) ++counts.updated;
  if (outcome == Outcome::kUnchanged) ++counts.unchanged;
  if (outcome == Outcome::kDuplicate) ++counts.duplicates;
}

Status ImportRecorder::Finish() {
  if (import_.cursor) status_.cursor = *import_.cursor;
  if (import_.rejects) status_.rejects = *import_.rejects;
  if (import_.state) {
    status_.state = *import_.state;
  } else if (wrote_) {
    status_.state = ImportState::kCopying;
  }
  for (const auto& [name, note] : import_.notes) status_.notes.insert_or_assign(name, note);
  if (status_.end == before_) status_.end = tx_.position;
  PutImport(tx_, &status_);
  return {};
}

Status ApplyRollBack(Transaction& tx, const RollBackImport& op, std::vector<OperationResult>* results) {
  ASSIGN_OR_RETURN(auto status, FindImport(tx.rows(), op.id));
  if (!status) return NotFound(fmt::format("there is no import \"{}\"", op.id)).At("id");
  const auto end = [&](bool all) {
    results->push_back({op.id, Version(), all ? Outcome::kDeleted : Outcome::kUnchanged});
    return Status();
  };
  if (status->state == ImportState::kRolledBack) {
    ASSIGN_OR_RETURN(const bool swept, SweepImported(tx, *status, op.rows_max));
    return end(swept);
  }
  if (status->state != ImportState::kRollingBack) {
    status->state = ImportState::kRollingBack;
    status->rolled_to.clear();
    status->removed = status->restored = status->kept = 0;
  }
  RollBack walk(tx, op, &*status, results);
  RETURN_IF_ERROR(walk.Restore());
  ASSIGN_OR_RETURN(const bool all, walk.Remove());
  bool ended = all;
  if (all && op.finish) {
    status->state = ImportState::kRolledBack;
    ASSIGN_OR_RETURN(ended, SweepImported(tx, *status, op.rows_max));
  }
  PutImport(tx, &*status);
  return end(ended);
}

Status ForgetImportedEdges(Transaction& tx, const std::vector<Edge>& edges) {
  if (edges.empty()) return {};
  const auto it = tx.rows().ScanPrefix(std::string(1, keys::kImport));
  std::vector<ImportStatus> imports;
  for (; it->Valid(); it->Next()) {
    ASSIGN_OR_RETURN(ImportStatus status, DecodeImport(it->value()));
    status.id = it->key().substr(1);
    imports.push_back(std::move(status));
  }
  RETURN_IF_ERROR(it->status());
  for (const ImportStatus& import : imports) {
    for (const Edge& edge : edges) tx.batch().Delete(ImportedEdgeKey(import, edge.id));
  }
  return {};
}

}  // namespace engram
