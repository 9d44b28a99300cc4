// Edges, named entities, runs and settings of the twin.
#include <algorithm>

#include "tests/engine/model/twin_writer.h"

namespace engram::model {
namespace {

Scopes WithoutActor(Scopes scopes) {
  scopes.actor_id.clear();
  return scopes;
}

}  // namespace

void TwinWriter::Retire(const std::string& edge_id, Timestamp at_time) {
  const auto at = state_.edges.find(edge_id);
  auto ended = std::make_shared<TwinEdge>(*at->second);
  ended->edge.retired = at_time;
  state_.retired.emplace(edge_id, std::move(ended));
  state_.edges.erase(at);
}

void TwinWriter::RetireEdgesOf(const std::string& id) {
  std::vector<std::string> doomed;
  for (const auto& [edge_id, edge] : state_.edges) {
    if (edge->source == id || edge->target == id || edge->memory == id) doomed.push_back(edge_id);
  }
  for (const std::string& edge_id : doomed) Retire(edge_id, now_);
}

void TwinWriter::NameEnd(const std::string& id, bool imported) {
  if (state_.nodes.contains(id)) return;
  if (const TwinMemory* memory = state_.Find(id)) {
    if (!(imported && memory->live) && !Current(id)) throw Refusal{StatusCode::kNotFound};
    return;
  }
  TwinNode node;
  node.node.id = id;
  node.node.created_at = node.node.updated_at = now_;
  node.number = state_.next_node++;
  node.implicit = true;
  state_.nodes[id] = std::move(node);
}

OperationResult TwinWriter::operator()(const WriteEdge& op) {
  const bool imported = op.recorded.has_value();
  NameEnd(op.source_id, imported);
  NameEnd(op.target_id, imported);
  if (!op.memory_id.empty()) {
    const TwinMemory* memory = state_.Find(op.memory_id);
    if (!(imported && memory && memory->live) && !Current(op.memory_id)) throw Refusal{StatusCode::kNotFound};
  }
  auto written = std::make_shared<TwinEdge>();
  written->edge = op.edge;
  written->source = op.source_id;
  written->target = op.target_id;
  written->memory = op.memory_id;
  Edge& edge = written->edge;
  if (edge.id.empty()) edge.id = DefaultEdgeId(edge.scopes, op.source_id, edge.type, op.target_id);
  if (!(edge.weight >= 0)) throw Refusal{StatusCode::kInvalidArgument};
  edge.recorded = op.recorded.value_or(now_);
  const auto current = state_.edges.find(edge.id);
  const bool existed = current != state_.edges.end();
  uint64_t last = 0;
  if (existed) {
    edge.version = current->second->edge.version;
    TwinEdge same = *written;
    same.edge.recorded = current->second->edge.recorded;
    if (same == *current->second) return {edge.id, edge.version, Outcome::kUnchanged};
    last = edge.version.value;
    edge.recorded = std::max(edge.recorded, current->second->edge.recorded);
    Retire(edge.id, edge.recorded);
  } else {
    const auto [begin, end] = state_.retired.equal_range(edge.id);
    for (auto at = begin; at != end; ++at) {
      if (at->second->edge.version.value <= last) continue;
      last = at->second->edge.version.value;
      edge.recorded = std::max(op.recorded.value_or(now_), *at->second->edge.retired);
    }
  }
  edge.version = Version(last + 1);
  state_.edges[edge.id] = written;
  return {edge.id, edge.version, existed ? Outcome::kUpdated : Outcome::kCreated};
}

OperationResult TwinWriter::operator()(const DeleteEdge& op) {
  const auto current = state_.edges.find(op.id);
  if (current == state_.edges.end()) return {op.id, Version(), Outcome::kSkipped};
  const Version version = current->second->edge.version;
  if (op.still_matches && !op.still_matches(current->second->edge)) return {op.id, Version(), Outcome::kSkipped};
  Retire(op.id, now_);
  return {op.id, version, Outcome::kDeleted};
}

OperationResult TwinWriter::operator()(const WriteNode& op) {
  const std::string& id = op.node.id;
  if (state_.Find(id) && op.implicit) return {id, Version(1), Outcome::kUnchanged};
  if (state_.Find(id)) throw Refusal{StatusCode::kAlreadyExists};
  const auto at = state_.nodes.find(id);
  TwinNode written;
  written.node = op.node;
  written.node.created_at = op.created_at.value_or(now_);
  written.node.updated_at = op.updated_at.value_or(now_);
  if (op.implicit && at != state_.nodes.end()) return {id, Version(1), Outcome::kUnchanged};
  written.implicit = op.implicit;
  if (at == state_.nodes.end()) {
    written.number = state_.next_node++;
    state_.nodes[id] = std::move(written);
    return {id, Version(1), Outcome::kCreated};
  }
  const Node& stored = at->second.node;
  const bool implicit = at->second.implicit;
  const bool same = stored.name == op.node.name && stored.kind == op.node.kind && stored.aliases == op.node.aliases &&
                    stored.metadata == op.node.metadata && stored.scopes == op.node.scopes;
  if (same && !implicit) return {id, Version(1), Outcome::kUnchanged};
  written.number = at->second.number;
  written.node.created_at = stored.created_at;
  at->second = std::move(written);
  return {id, Version(1), implicit ? Outcome::kCreated : Outcome::kUpdated};
}

std::optional<uint32_t> TwinWriter::ActiveRun(const Scopes& scopes) const {
  const auto name = state_.run_names.find(WithoutActor(scopes));
  if (name == state_.run_names.end()) return std::nullopt;
  const TwinRun& run = state_.runs.at(name->second);
  if (run.expires_at && *run.expires_at <= now_) return std::nullopt;
  return name->second;
}

uint32_t TwinWriter::NewRun(const Scopes& scopes) {
  const uint32_t number = state_.next_run++;
  TwinRun run;
  run.scopes = WithoutActor(scopes);
  run.created_at = now_;
  state_.run_names[run.scopes] = number;
  state_.runs[number] = std::move(run);
  return number;
}

void TwinWriter::Renew(uint32_t number) {
  TwinRun& run = state_.runs.at(number);
  run.last_activity = now_;
  run.expires_at.reset();
  if (run.ttl_seconds) run.expires_at = now_.PlusSeconds(static_cast<int64_t>(*run.ttl_seconds));
}

OperationResult TwinWriter::operator()(const WriteRun& op) {
  const auto active = ActiveRun(op.scopes);
  const uint32_t number = active ? *active : NewRun(op.scopes);
  TwinRun& run = state_.runs.at(number);
  if (op.metadata) run.metadata = *op.metadata;
  if (op.ttl_seconds) run.ttl_seconds = *op.ttl_seconds;
  Renew(number);
  if (op.created_at) run.created_at = *op.created_at;
  if (op.last_activity) run.last_activity = *op.last_activity;
  if (op.expires_at) run.expires_at = *op.expires_at;
  return {op.scopes.run_id, Version(), active ? Outcome::kUpdated : Outcome::kCreated};
}

OperationResult TwinWriter::operator()(const DeleteRun& op) {
  const auto active = ActiveRun(op.scopes);
  if (!active) throw Refusal{StatusCode::kNotFound};
  TwinRun& run = state_.runs.at(*active);
  run.expires_at = now_;
  run.ttl_seconds.reset();
  run.deleted = true;
  state_.run_names.erase(run.scopes);
  return {op.scopes.run_id, Version(), Outcome::kDeleted};
}

OperationResult TwinWriter::operator()(const CreateNamespace& op) {
  state_.config = op.config;
  return {"", Version(), Outcome::kCreated};
}

OperationResult TwinWriter::operator()(const PatchNamespace& op) {
  const NamespaceConfig before = state_.config;
  NamespaceConfig& config = state_.config;
  if (op.patch.bm25) config.bm25 = *op.patch.bm25;
  if (op.patch.history_versions) config.history_versions = *op.patch.history_versions;
  if (op.patch.read_only) config.read_only = *op.patch.read_only;
  if (op.patch.aliases) config.aliases = *op.patch.aliases;
  for (const auto& [name, value] : op.patch.metadata) config.metadata[name] = value;
  return {"", Version(), config == before ? Outcome::kUnchanged : Outcome::kUpdated};
}

}  // namespace engram::model
