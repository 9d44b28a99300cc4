#include "engine/write/graph_writes.h"

#include <algorithm>

#include <fmt/format.h>

#include "engine/write/versions.h"
#include "graph/edge_store.h"

namespace engram {
namespace {

using keys::Key;

void PutEntity(Transaction& tx, const Node& node, NodeNumber number) {
  tx.batch().Put(Key(keys::kEntity).Add(number), EncodeNode(node));
  tx.counters.nodes_digest += NodeDigest(node);
}

IdRow EntityRow(NodeNumber number, bool implicit) {
  IdRow row;
  row.node = number;
  row.is_memory = false;
  row.implicit = implicit;
  return row;
}

// The number of an edge's end. `keeps_hidden`: a memory that expired without being removed is one, too.
Result<NodeNumber> NodeOf(Transaction& tx, const std::string& id, std::string_view field, bool keeps_hidden) {
  ASSIGN_OR_RETURN(auto row, FindId(tx.rows(), id));
  if (row && row->is_memory && !(keeps_hidden && row->live)) {
    ASSIGN_OR_RETURN(const auto current, FindCurrent(tx, id));
    if (!current) return NotFound(fmt::format("memory \"{}\" was deleted", id)).At(std::string(field));
  }
  if (row) return row->node;
  ASSIGN_OR_RETURN(const NodeNumber number, NewNode(tx, id));
  Node node;
  node.id = id;
  node.created_at = tx.log_time();
  node.updated_at = tx.log_time();
  tx.batch().Put(keys::Id(id), EncodeIdRow(EntityRow(number, /*implicit=*/true)));
  PutEntity(tx, node, number);
  ++tx.counters.nodes;
  return number;
}

// The memory that brings an edge.
Result<NodeNumber> MemoryOf(Transaction& tx, const std::string& id, bool keeps_hidden) {
  if (keeps_hidden) {
    ASSIGN_OR_RETURN(const auto row, FindId(tx.rows(), id));
    if (row && row->is_memory && row->live) return row->node;
  }
  ASSIGN_OR_RETURN(const auto memory, FindCurrent(tx, id));
  if (!memory) return NotFound(fmt::format("there is no memory \"{}\"", id)).At("memory_id");
  return memory->row.node;
}

// What an edge that has ended hung on: it need not be alive.
Result<NodeNumber> KnownNode(Transaction& tx, const std::string& id, std::string_view field) {
  ASSIGN_OR_RETURN(const auto row, FindId(tx.rows(), id));
  if (row) return row->node;
  return NotFound(fmt::format("an edge that has ended hung on \"{}\", which has never been here", id))
      .At(std::string(field));
}

Result<OperationResult> WriteEndedEdge(Transaction& tx, const WriteEdge& write) {
  Edge edge = write.edge;
  ASSIGN_OR_RETURN(edge.source, KnownNode(tx, write.source_id, "source"));
  ASSIGN_OR_RETURN(edge.target, KnownNode(tx, write.target_id, "target"));
  edge.memory.reset();
  if (!write.memory_id.empty()) {
    ASSIGN_OR_RETURN(edge.memory, KnownNode(tx, write.memory_id, "memory_id"));
  }
  if (edge.id.empty()) edge.id = DefaultEdgeId(edge.scopes, write.source_id, edge.type, write.target_id);
  edge.recorded = write.recorded.value_or(*edge.retired);
  OperationResult result{edge.id, edge.version, Outcome::kUnchanged};
  ASSIGN_OR_RETURN(const bool put, PutEndedEdge(tx.rows(), std::move(edge), tx.batch()));
  if (put) result.outcome = Outcome::kCreated;
  return result;
}

bool SameNode(const Node& a, Node b) {
  b.created_at = a.created_at;
  b.updated_at = a.updated_at;
  return EncodeNode(a) == EncodeNode(b);
}

}  // namespace

Result<OperationResult> ApplyWriteEdge(Transaction& tx, const WriteEdge& write) {
  if (write.ended) return WriteEndedEdge(tx, write);
  Edge edge = write.edge;
  const bool imported = write.recorded.has_value();
  ASSIGN_OR_RETURN(edge.source, NodeOf(tx, write.source_id, "source", imported));
  ASSIGN_OR_RETURN(edge.target, NodeOf(tx, write.target_id, "target", imported));
  edge.memory.reset();
  if (!write.memory_id.empty()) {
    ASSIGN_OR_RETURN(edge.memory, MemoryOf(tx, write.memory_id, imported));
  }
  if (edge.id.empty()) edge.id = DefaultEdgeId(edge.scopes, write.source_id, edge.type, write.target_id);
  edge.recorded = std::min(write.recorded.value_or(tx.log_time()), tx.log_time());
  edge.retired.reset();
  OperationResult result;
  result.id = edge.id;
  ASSIGN_OR_RETURN(const EdgeChange change, PutEdge(tx.rows(), std::move(edge), tx.batch()));
  TellEdgeChange(tx, change);
  if (!change.added) {
    ASSIGN_OR_RETURN(const auto current, FindEdge(tx.rows(), result.id));
    if (current) result.version = current->version;
    return result;
  }
  result.version = change.added->version;
  result.outcome = change.retired ? Outcome::kUpdated : Outcome::kCreated;
  return result;
}

Result<OperationResult> ApplyDeleteEdge(Transaction& tx, const DeleteEdge& deletion) {
  OperationResult result{deletion.id, Version(), Outcome::kSkipped};
  ASSIGN_OR_RETURN(const auto current, FindEdge(tx.rows(), deletion.id));
  if (!current || (deletion.still_matches && !deletion.still_matches(*current))) return result;
  ASSIGN_OR_RETURN(const EdgeChange change, RetireEdge(tx.rows(), deletion.id, tx.log_time(), tx.batch()));
  TellEdgeChange(tx, change);
  result.version = current->version;
  result.outcome = Outcome::kDeleted;
  return result;
}

Result<OperationResult> ApplyWriteNode(Transaction& tx, const WriteNode& write) {
  Node node = write.node;
  RETURN_IF_ERROR(CheckDepth(node.metadata));
  node.created_at = write.created_at.value_or(tx.log_time());
  node.updated_at = write.updated_at.value_or(tx.log_time());
  ASSIGN_OR_RETURN(const auto row, FindId(tx.rows(), node.id));
  if (row && write.implicit) return OperationResult{node.id, Version(1), Outcome::kUnchanged};
  if (row && row->is_memory) {
    return AlreadyExists(fmt::format("\"{}\" is the id of a memory, so it can't be a named entity too", node.id))
        .At("id");
  }
  if (!row) {
    ASSIGN_OR_RETURN(const NodeNumber number, NewNode(tx, node.id));
    tx.batch().Put(keys::Id(node.id), EncodeIdRow(EntityRow(number, write.implicit)));
    PutEntity(tx, node, number);
    ++tx.counters.nodes;
    return OperationResult{node.id, Version(1), Outcome::kCreated};
  }
  ASSIGN_OR_RETURN(const auto bytes, tx.rows().Get(Key(keys::kEntity).Add(row->node)));
  if (!bytes) return Corruption(fmt::format("the row of entity \"{}\" is missing", node.id));
  ASSIGN_OR_RETURN(Node stored, DecodeNode(*bytes));
  stored.id = node.id;
  if (!row->implicit && SameNode(stored, node)) return OperationResult{node.id, Version(1), Outcome::kUnchanged};
  tx.counters.nodes_digest -= NodeDigest(stored);
  node.created_at = stored.created_at;
  if (row->implicit) tx.batch().Put(keys::Id(node.id), EncodeIdRow(EntityRow(row->node, /*implicit=*/false)));
  PutEntity(tx, node, row->node);
  return OperationResult{node.id, Version(1), row->implicit ? Outcome::kCreated : Outcome::kUpdated};
}

Hash128 NodeDigest(const Node& node) {
  std::string bytes = "n1";
  AppendString(&bytes, node.id);
  bytes += EncodeNode(node);
  return HashBytes128(bytes);
}

void TellEdgeChange(Transaction& tx, const EdgeChange& change) {
  if (change.retired) {
    Edge current = *change.retired;
    current.retired.reset();  // as it was summed while it was current
    tx.counters.edges_digest -= EdgeDigest(current);
    --tx.counters.edges;
  }
  if (change.added) {
    tx.counters.edges_digest += EdgeDigest(*change.added);
    ++tx.counters.edges;
  }
  if (change.retired || change.added) tx.Tell(EdgesChanged{change});
}

}  // namespace engram
