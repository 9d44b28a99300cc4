// Imports as rows: how far each is, what it brought, and taking that back.
#pragma once

#include <string>
#include <vector>

#include "engine/write/transaction.h"

namespace engram {

// Follows the operations of an import's mutation and notes what they write.
class ImportRecorder {
 public:
  // `import` comes with the mutation, and outlives this.
  ImportRecorder(Transaction& tx, const ImportProgress& import) : tx_(tx), import_(import) {}

  // FailedPrecondition while the import is being rolled back.
  Status Begin();
  // Around each operation but the progress itself.
  Status Before(const Operation& operation);
  Status After(const Operation& operation, const OperationResult& result);
  Status Finish();

 private:
  Status NoteMemory(const OperationResult& result);
  Status NoteTombstone(const OperationResult& result);
  Status NoteEndedEdge(const OperationResult& result);
  Status NoteEdge(const WriteEdge& write, const OperationResult& result);
  Status NoteNode(const OperationResult& result);
  Status NoteRun(uint32_t number, bool made);
  void Count(ImportedKind kind, Outcome outcome);

  Transaction& tx_;
  const ImportProgress& import_;
  ImportStatus status_;
  Position before_;  // of the namespace
  bool wrote_ = false;
  // Before the operation at hand.
  std::optional<Version> live_version_;  // of the memory or the edge
  bool there_ = false;                   // the node
  NodeNumber next_node_;
  uint32_t next_run_ = 0;
};

// One result for each item that was brought back (kUpdated), removed (kDeleted) or left there (kSkipped); the last one
// is the import's own: kDeleted once all it brought was looked at and, when it is rolled back, the rows that tell of it
// are swept; kUnchanged before.
Status ApplyRollBack(Transaction& tx, const RollBackImport& op, std::vector<OperationResult>* results);

// Forgets that imports brought these edges: they are being erased.
Status ForgetImportedEdges(Transaction& tx, const std::vector<Edge>& edges);

}  // namespace engram
