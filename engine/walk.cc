// Reads of the graph by ids (read_view.h): ids to node numbers and back around graph/.
#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

#include "engine/edge_naming.h"
#include "engine/keys.h"
#include "engine/namespace_index.h"
#include "engine/read_view.h"
#include "graph/pagerank.h"
#include "graph/traversal.h"

namespace engram {
namespace {

using Walk = std::function<Status(const NeighborSource&)>;

// A source that asks for the deadline at every node.
class TimedNeighbors final : public NeighborSource {
 public:
  TimedNeighbors(const NeighborSource& source, const ReadView& view) : source_(source), view_(view) {}
  Status Visit(NodeNumber node, Direction direction, const std::function<bool(const Step&)>& visit) const override {
    RETURN_IF_ERROR(view_.CheckDeadline());
    return source_.Visit(node, direction, visit);
  }

 private:
  const NeighborSource& source_;
  const ReadView& view_;
};

Status Unknown(const std::string& id) { return NotFound(fmt::format("no memory or node \"{}\"", id)); }

// The row of an id that is there at the time of the read: not deleted, not expired. In the past deleted ones count.
Result<std::optional<IdRow>> FindPresent(const ReadView& view, const std::string& id, bool in_the_past) {
  ASSIGN_OR_RETURN(std::optional<IdRow> row, FindId(view.rows(), id));
  if (!row || !row->is_memory || in_the_past) return row;
  if (!row->live) return std::optional<IdRow>();
  ASSIGN_OR_RETURN(const bool expired, IsExpired(view.rows(), *row, view.now()));
  return expired ? std::optional<IdRow>() : row;
}

Result<NodeNumber> FindNode(const ReadView& view, const std::string& id, bool in_the_past) {
  ASSIGN_OR_RETURN(const std::optional<IdRow> row, FindPresent(view, id, in_the_past));
  if (!row) return Unknown(id);
  return row->node;
}

Result<std::vector<NodeNumber>> FindSeeds(const ReadView& view, const WalkRequest& request) {
  if (request.seeds.empty()) return InvalidArgument("a walk needs a seed").At("seeds");
  std::vector<NodeNumber> nodes;
  for (size_t i = 0; i < request.seeds.size(); ++i) {
    Result<NodeNumber> node = FindNode(view, request.seeds[i], request.as_of.has_value());
    if (!node.ok()) return std::move(node).status().At(fmt::format("seeds[{}]", i));
    if (std::find(nodes.begin(), nodes.end(), *node) == nodes.end()) nodes.push_back(*node);
  }
  return nodes;
}

// Runs `walk` over the edges that the request may use.
Status WalkEdges(const ReadView& view, const WalkRequest& request, const Walk& walk) {
  EdgeCondition condition(view.rows(), request.filter);
  WalkFilter filter{request.types, condition.accept()};
  const auto timed = [&](const NeighborSource& source) { return walk(TimedNeighbors(source, view)); };
  if (request.as_of) {
    RETURN_IF_ERROR(timed(*RowNeighbors(view.rows(), filter, request.as_of, view.now())));
    return condition.status();
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<NamespaceIndex> index, view.Index());
  if (condition.reads_ids()) {
    // Reading ids may wait for the disk, which nobody may who holds the adjacency cache.
    filter.accept = index->WithoutExpired(std::move(filter.accept), view.now());
    RETURN_IF_ERROR(timed(*RowNeighbors(view.rows(), std::move(filter), std::nullopt, view.now())));
  } else {
    RETURN_IF_ERROR(index->Walk(view.rows(), filter, view.now(), timed));
  }
  return condition.status();
}

// Every edge that holds at the time of the walk counts, whatever the walk itself may use.
Result<std::vector<Degrees>> CountDegreesOf(const ReadView& view, const std::optional<Timestamp>& as_of,
                                            const std::vector<ReachedNode>& nodes) {
  std::vector<Degrees> degrees(nodes.size());
  WalkRequest all;
  all.as_of = as_of;
  const auto count_all = [&](const NeighborSource& source) -> Status {
    for (size_t i = 0; i < nodes.size(); ++i) {
      const auto count = [](uint64_t* counter) { return [counter](const Step&) { return ++*counter > 0; }; };
      RETURN_IF_ERROR(source.Visit(nodes[i].node, Direction::kOut, count(&degrees[i].out)));
      RETURN_IF_ERROR(source.Visit(nodes[i].node, Direction::kIn, count(&degrees[i].in)));
    }
    return {};
  };
  RETURN_IF_ERROR(WalkEdges(view, all, count_all));
  return degrees;
}

// Without its degrees.
Result<NodeView> DescribeNode(const KvReader& rows, const std::string& id, const IdRow& row) {
  NodeView view;
  view.is_memory = row.is_memory;
  if (!row.is_memory) {
    ASSIGN_OR_RETURN(const auto bytes, rows.Get(keys::Key(keys::kEntity).Add(row.node)));
    if (bytes) {
      ASSIGN_OR_RETURN(view.node, DecodeNode(*bytes));
    }
  }
  view.node.id = id;
  return view;
}

void DropEdgesOf(const std::unordered_set<NodeNumber>& gone, std::vector<Edge>* edges) {
  const auto touches = [&](const Edge& edge) { return gone.contains(edge.source) || gone.contains(edge.target); };
  edges->erase(std::remove_if(edges->begin(), edges->end(), touches), edges->end());
}

}  // namespace

Result<NamedEdgePage> ListNamedEdges(const ReadView& view, const EdgeListQuery& query) {
  EdgeCondition condition(view.rows(), query.filter);
  EdgeQuery edges;
  if (!query.node_id.empty()) {
    ASSIGN_OR_RETURN(edges.node, FindNode(view, query.node_id, query.as_of.has_value() || query.include_retired));
  }
  edges.direction = query.direction;
  edges.types = query.types;
  edges.as_of = query.as_of;
  edges.include_retired = query.include_retired;
  std::function<bool(const Edge&)> present = condition.accept();
  if (!query.as_of && !query.include_retired) {
    ASSIGN_OR_RETURN(const std::shared_ptr<NamespaceIndex> index, view.Index());
    present = index->WithoutExpired(std::move(present), view.now());
  }
  Status late;
  size_t seen = 0;
  edges.accept = [&, accept = std::move(present)](const Edge& edge) {
    if (++seen % 1024 == 0 && late.ok()) late = view.CheckDeadline();
    return late.ok() && (!accept || accept(edge));
  };
  edges.limit = query.limit;
  edges.cursor = query.cursor;
  ASSIGN_OR_RETURN(EdgePage page, ListEdges(view.rows(), edges));
  RETURN_IF_ERROR(late);
  RETURN_IF_ERROR(condition.status());
  NamedEdgePage named;
  ASSIGN_OR_RETURN(named.edges, EdgeNaming(view.rows()).Name(std::move(page.edges)));
  named.next_cursor = std::move(page.next_cursor);
  return named;
}

Result<NodeView> ReadNode(const ReadView& view, const std::string& id) {
  ASSIGN_OR_RETURN(const std::optional<IdRow> row, FindPresent(view, id, false));
  if (!row) return Unknown(id);
  ASSIGN_OR_RETURN(NodeView node, DescribeNode(view.rows(), id, *row));
  ASSIGN_OR_RETURN(const std::vector<Degrees> degrees, CountDegreesOf(view, std::nullopt, {{row->node}}));
  node.degrees = degrees[0];
  return node;
}

Result<ExpandReply> ExpandGraph(const ReadView& view, const WalkRequest& request) {
  ExpandOptions options;
  ASSIGN_OR_RETURN(options.seeds, FindSeeds(view, request));
  options.hops = request.hops;
  options.direction = request.direction;
  options.nodes_max = request.limit;
  Expansion expansion;
  RETURN_IF_ERROR(WalkEdges(view, request, [&](const NeighborSource& source) -> Status {
    ASSIGN_OR_RETURN(expansion, Expand(source, options));
    return {};
  }));
  ASSIGN_OR_RETURN(const std::vector<Degrees> degrees, CountDegreesOf(view, request.as_of, expansion.nodes));
  ExpandReply reply;
  reply.truncated = expansion.truncated;
  // The adjacency cache may know nodes that are newer than this read's snapshot.
  const ReadView latest = request.as_of ? view : view.Latest();
  EdgeNaming naming(latest.rows());
  std::unordered_set<NodeNumber> gone;
  for (size_t i = 0; i < expansion.nodes.size(); ++i) {
    RETURN_IF_ERROR(view.CheckDeadline());
    const ReachedNode& reached = expansion.nodes[i];
    ASSIGN_OR_RETURN(const std::string id, naming.IdOf(reached.node));
    ASSIGN_OR_RETURN(const auto row, FindPresent(latest, id, request.as_of.has_value()));
    if (!row) {
      gone.insert(reached.node);
      continue;
    }
    ASSIGN_OR_RETURN(NodeView node, DescribeNode(latest.rows(), id, *row));
    node.degrees = degrees[i];
    reply.nodes.emplace_back(std::move(node), reached.distance);
  }
  DropEdgesOf(gone, &expansion.edges);
  ASSIGN_OR_RETURN(reply.edges, naming.Name(std::move(expansion.edges)));
  return reply;
}

Result<PathReply> FindGraphPath(const ReadView& view, const WalkRequest& request) {
  if (request.seeds.size() != 1) return InvalidArgument("a path has one source").At("source");
  PathOptions options;
  Result<NodeNumber> source_node = FindNode(view, request.seeds[0], request.as_of.has_value());
  if (!source_node.ok()) return std::move(source_node).status().At("source");
  options.source = *source_node;
  Result<NodeNumber> target = FindNode(view, request.target, request.as_of.has_value());
  if (!target.ok()) return std::move(target).status().At("target");
  options.target = *target;
  options.hops_max = request.hops;
  options.direction = request.direction;
  std::optional<Path> path;
  RETURN_IF_ERROR(WalkEdges(view, request, [&](const NeighborSource& source) -> Status {
    ASSIGN_OR_RETURN(path, ShortestPath(source, options));
    return {};
  }));
  PathReply reply;
  if (!path) return reply;
  const ReadView latest = request.as_of ? view : view.Latest();
  reply.found = true;
  reply.cost = path->cost;
  ASSIGN_OR_RETURN(reply.nodes, ReadNodeIds(latest.rows(), path->nodes));
  ASSIGN_OR_RETURN(reply.edges, EdgeNaming(latest.rows()).Name(std::move(path->edges)));
  return reply;
}

Result<RankReply> RankGraph(const ReadView& view, const WalkRequest& request) {
  ASSIGN_OR_RETURN(const std::vector<NodeNumber> seeds, FindSeeds(view, request));
  PageRankOptions options;
  options.direction = request.direction;
  for (const NodeNumber seed : seeds) options.seeds.emplace_back(seed, 1.0);
  PageRank ranks;
  RETURN_IF_ERROR(WalkEdges(view, request, [&](const NeighborSource& source) -> Status {
    ASSIGN_OR_RETURN(ranks, ForwardPush(source, options));
    return {};
  }));
  const ReadView latest = request.as_of ? view : view.Latest();
  EdgeNaming naming(latest.rows());
  RankReply reply;
  reply.residual = ranks.residual;
  for (const RankedNode& ranked : ranks.nodes) {
    if (reply.nodes.size() == request.limit) break;
    ASSIGN_OR_RETURN(std::string id, naming.IdOf(ranked.node));
    ASSIGN_OR_RETURN(const auto row, FindPresent(latest, id, request.as_of.has_value()));
    if (row) reply.nodes.emplace_back(std::move(id), ranked.score);
  }
  return reply;
}

}  // namespace engram
