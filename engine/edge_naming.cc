#include "engine/edge_naming.h"

#include "engine/rows.h"

namespace engram {

Result<std::string> EdgeNaming::IdOf(NodeNumber node) {
  const auto known = ids_.find(node);
  if (known != ids_.end()) return known->second;
  ASSIGN_OR_RETURN(std::vector<std::string> ids, ReadNodeIds(rows_, {node}));
  return ids_.emplace(node, std::move(ids[0])).first->second;
}

Result<NamedEdge> EdgeNaming::Name(Edge edge) {
  NamedEdge named;
  ASSIGN_OR_RETURN(named.source_id, IdOf(edge.source));
  ASSIGN_OR_RETURN(named.target_id, IdOf(edge.target));
  if (edge.memory) {
    ASSIGN_OR_RETURN(named.memory_id, IdOf(*edge.memory));
  }
  named.edge = std::move(edge);
  return named;
}

Result<std::vector<NamedEdge>> EdgeNaming::Name(std::vector<Edge> edges) {
  std::vector<NamedEdge> named;
  named.reserve(edges.size());
  for (Edge& edge : edges) {
    ASSIGN_OR_RETURN(named.emplace_back(), Name(std::move(edge)));
  }
  return named;
}

EdgeCondition::EdgeCondition(const KvReader& rows, const std::optional<Filter>& filter)
    : filter_(filter), naming_(rows) {
  for (const char* field : {"source", "target", "memory_id"}) reads_ids_ |= filter && filter->Mentions(field);
}

std::function<bool(const Edge&)> EdgeCondition::accept() {
  if (!filter_) return {};
  return [this](const Edge& edge) { return Accepts(edge); };
}

bool EdgeCondition::Accepts(const Edge& edge) {
  if (!status_.ok()) return false;
  NamedEdge named;
  named.edge = edge;
  if (reads_ids_) {
    Result<NamedEdge> with_ids = naming_.Name(edge);
    if (!with_ids.ok()) {
      status_ = std::move(with_ids).status();
      return false;
    }
    named = std::move(*with_ids);
  }
  return Matches(*filter_, EdgeFields(named));
}

}  // namespace engram
