#include "engine/write/read_back.h"

#include <fmt/format.h>

namespace engram {
namespace {

Status ReadBackMemory(Transaction& tx, const std::string& id, MutationResult* result) {
  ASSIGN_OR_RETURN(const auto row, FindId(tx.rows(), id));
  if (!row || !row->live) return Corruption(fmt::format("memory \"{}\" is missing right after its write", id));
  Include everything;
  everything.vectors = true;
  ASSIGN_OR_RETURN(Memory memory, ReadMemory(tx.rows(), id, *row, everything));
  result->memory = std::make_shared<const Memory>(std::move(memory));
  return {};
}

Status ReadBackRun(Transaction& tx, const Scopes& scopes, MutationResult* result) {
  ASSIGN_OR_RETURN(const auto number, FindRunNumber(tx.rows(), scopes));
  if (!number) return Corruption(fmt::format("run \"{}\" is missing right after its write", scopes.run_id));
  ASSIGN_OR_RETURN(auto row, ReadRun(tx.rows(), *number));
  if (!row) return Corruption(fmt::format("the row of run \"{}\" is missing", scopes.run_id));
  result->run = std::make_shared<const Run>(AsRun(std::move(*row)));
  return {};
}

Status ReadBackNode(Transaction& tx, const std::string& id, MutationResult* result) {
  ASSIGN_OR_RETURN(const auto row, FindId(tx.rows(), id));
  if (!row) return Corruption(fmt::format("node \"{}\" is missing right after its write", id));
  ASSIGN_OR_RETURN(const auto bytes, tx.rows().Get(keys::Key(keys::kEntity).Add(row->node)));
  if (!bytes) return Corruption(fmt::format("the row of entity \"{}\" is missing", id));
  ASSIGN_OR_RETURN(Node node, DecodeNode(*bytes));
  node.id = id;
  result->node = std::make_shared<const Node>(std::move(node));
  return {};
}

void ReadBackNamespace(const Transaction& tx, MutationResult* result) {
  NamespaceInfo info = AsNamespaceInfo(tx.head, tx.counters);
  info.position = tx.position;
  result->namespace_info = std::make_shared<const NamespaceInfo>(std::move(info));
}

}  // namespace

Status ReadBack(Transaction& tx, const Operation& operation, MutationResult* result) {
  if (const auto* run = std::get_if<WriteRun>(&operation)) return ReadBackRun(tx, run->scopes, result);
  if (std::holds_alternative<WriteNode>(operation)) return ReadBackNode(tx, result->results.back().id, result);
  const bool of_memory =
      std::holds_alternative<WriteMemory>(operation) || std::holds_alternative<PatchMemory>(operation);
  if (of_memory) return ReadBackMemory(tx, result->results.back().id, result);
  const bool of_namespace =
      std::holds_alternative<CreateNamespace>(operation) || std::holds_alternative<PatchNamespace>(operation);
  if (of_namespace) ReadBackNamespace(tx, result);
  return {};
}

}  // namespace engram
