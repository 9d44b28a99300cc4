#include "graph/edge_store.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/coding.h"
#include "base/value_coding.h"
#include "graph/edge_rows.h"
#include "graph/edge_scan.h"

namespace engram {
namespace {

Status Validate(const Edge& edge) {
  if (edge.id.empty()) return InvalidArgument("an edge needs an id").At("id");
  if (!std::isfinite(edge.weight) || edge.weight < 0) {
    return InvalidArgument("an edge's weight must be finite and at least 0, got " + std::to_string(edge.weight))
        .At("weight");
  }
  if (ValueDepth(edge.metadata) > kValueDepthMax) {
    return InvalidArgument("an edge's metadata is nested deeper than " + std::to_string(kValueDepthMax)).At("metadata");
  }
  return {};
}

// The last of the retired versions of `id`.
Result<std::optional<Edge>> LastRetired(const KvReader& reader, std::string_view id) {
  const std::string prefix = RetiredEdgesPrefix(id);
  const auto rows = reader.ScanPrefix(prefix);
  rows->SeekToLast();
  RETURN_IF_ERROR(rows->status());
  if (!rows->Valid()) return std::optional<Edge>();
  ASSIGN_OR_RETURN(Edge edge, DecodeEdge(rows->value()));
  return std::optional<Edge>(std::move(edge));
}

// Moves the rows of a current version to the retired ones.
Edge Retire(Edge edge, Timestamp at, KvBatch& batch) {
  DeleteEdgeRows(edge, batch);
  edge.retired = at;
  PutEdgeRows(edge, batch);
  return edge;
}

bool EqualButForRecord(const Edge& a, Edge b) {
  b.version = a.version;
  b.recorded = a.recorded;
  b.retired = a.retired;
  return a == b;
}

using EdgeByIdAndVersion = std::map<std::pair<std::string, Version>, Edge>;

Status CollectBrought(const KvReader& reader, NodeNumber memory, EdgeState state, EdgeByIdAndVersion* edges) {
  const std::string prefix = EdgesBroughtPrefix(memory, state);
  const auto rows = reader.ScanPrefix(prefix);
  for (; rows->Valid(); rows->Next()) {
    // What follows the prefix is what follows it in the key by id.
    const std::string key = EdgesByIdPrefix(state) + std::string(rows->key().substr(prefix.size()));
    ASSIGN_OR_RETURN(const std::optional<std::string> record, reader.Get(key));
    if (!record) return Corruption("edge: no row by id for a row by its memory");
    ASSIGN_OR_RETURN(Edge edge, DecodeEdge(*record));
    std::pair identity(edge.id, edge.version);
    edges->emplace(std::move(identity), std::move(edge));
  }
  return rows->status();
}

// Everything that touches or was brought by `node`, read before anything is written: writes may end iterators.
Result<EdgeByIdAndVersion> CollectEdgesOf(const KvReader& reader, NodeNumber node, bool retired) {
  EdgeByIdAndVersion edges;
  const EdgeScan scan{.node = node, .direction = Direction::kBoth, .retired = retired};
  RETURN_IF_ERROR(ScanEdges(reader, scan, [&](const Edge& edge, std::string_view) {
    edges.emplace(std::pair(edge.id, edge.version), edge);
    return true;
  }));
  RETURN_IF_ERROR(CollectBrought(reader, node, EdgeState::kCurrent, &edges));
  if (retired) RETURN_IF_ERROR(CollectBrought(reader, node, EdgeState::kRetired, &edges));
  return edges;
}

}  // namespace

Result<EdgeChange> PutEdge(const KvReader& reader, Edge edge, KvBatch& batch) {
  RETURN_IF_ERROR(Validate(edge));
  if (edge.weight == 0) edge.weight = 0;  // -0.0: equal edges have equal bytes
  edge.retired.reset();
  ASSIGN_OR_RETURN(std::optional<Edge> old, FindEdge(reader, edge.id));
  EdgeChange change;
  if (old) {
    if (EqualButForRecord(*old, edge)) return change;
    edge.version = old->version.Next();
    edge.recorded = std::max(edge.recorded, old->recorded);
    change.retired = Retire(*std::move(old), edge.recorded, batch);
  } else {
    ASSIGN_OR_RETURN(const std::optional<Edge> last, LastRetired(reader, edge.id));
    edge.version = last ? last->version.Next() : Version(1);
    if (last && last->retired) edge.recorded = std::max(edge.recorded, *last->retired);
  }
  PutEdgeRows(edge, batch);
  change.added = std::move(edge);
  return change;
}

Result<bool> PutEndedEdge(const KvReader& reader, Edge edge, KvBatch& batch) {
  RETURN_IF_ERROR(Validate(edge));
  if (edge.version.value == 0) return InvalidArgument("a version that has ended has its number").At("version");
  if (!edge.retired) return InvalidArgument("a version that has ended says when").At("retired_at");
  if (edge.weight == 0) edge.weight = 0;  // -0.0: equal edges have equal bytes
  const auto taken = [&](const char* by) {
    return AlreadyExists("version " + std::to_string(edge.version.value) + " of edge \"" + edge.id + "\" is given, " +
                         by)
        .At("version");
  };
  ASSIGN_OR_RETURN(const auto known, FindEndedEdge(reader, edge.id, edge.version));
  if (known && *known == edge) return false;
  if (known) return taken("and another one stands there");
  ASSIGN_OR_RETURN(const auto current, FindEdge(reader, edge.id));
  if (current && current->version <= edge.version) return taken("and the current one is not above it");
  PutEdgeRows(edge, batch);
  return true;
}

Result<std::optional<Edge>> FindEndedEdge(const KvReader& reader, std::string_view id, Version version) {
  std::string key = RetiredEdgesPrefix(id);
  AppendKey64(&key, version.value);
  ASSIGN_OR_RETURN(const std::optional<std::string> record, reader.Get(key));
  if (!record) return std::optional<Edge>();
  ASSIGN_OR_RETURN(Edge edge, DecodeEdge(*record));
  return std::optional<Edge>(std::move(edge));
}

Result<bool> EraseEndedEdge(const KvReader& reader, std::string_view id, Version version, KvBatch& batch) {
  ASSIGN_OR_RETURN(const auto edge, FindEndedEdge(reader, id, version));
  if (edge) DeleteEdgeRows(*edge, batch);
  return edge.has_value();
}

Result<EdgeChange> RetireEdge(const KvReader& reader, std::string_view id, Timestamp at, KvBatch& batch) {
  EdgeChange change;
  ASSIGN_OR_RETURN(std::optional<Edge> edge, FindEdge(reader, id));
  if (edge) change.retired = Retire(*std::move(edge), at, batch);
  return change;
}

Result<std::vector<EdgeChange>> RetireEdgesOf(const KvReader& reader, NodeNumber node, Timestamp at, KvBatch& batch) {
  ASSIGN_OR_RETURN(EdgeByIdAndVersion edges, CollectEdgesOf(reader, node, /*retired=*/false));
  std::vector<EdgeChange> changes;
  for (auto& [identity, edge] : edges) {
    EdgeChange& change = changes.emplace_back();
    change.retired = Retire(std::move(edge), at, batch);
  }
  return changes;
}

Result<std::vector<Edge>> EraseEdgesOf(const KvReader& reader, NodeNumber node, KvBatch& batch) {
  ASSIGN_OR_RETURN(EdgeByIdAndVersion edges, CollectEdgesOf(reader, node, /*retired=*/true));
  std::vector<Edge> removed;
  for (auto& [identity, edge] : edges) {
    DeleteEdgeRows(edge, batch);
    if (!edge.retired) removed.push_back(std::move(edge));
  }
  return removed;
}

Result<std::optional<Edge>> EraseEdge(const KvReader& reader, std::string_view id, KvBatch& batch) {
  ASSIGN_OR_RETURN(std::optional<Edge> current, FindEdge(reader, id));
  if (current) DeleteEdgeRows(*current, batch);
  return current;
}

Result<std::optional<Edge>> FindEdge(const KvReader& reader, std::string_view id) {
  ASSIGN_OR_RETURN(const std::optional<std::string> record, reader.Get(CurrentEdgeKey(id)));
  if (!record) return std::optional<Edge>();
  ASSIGN_OR_RETURN(Edge edge, DecodeEdge(*record));
  return std::optional<Edge>(std::move(edge));
}

}  // namespace engram
