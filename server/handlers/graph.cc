#include "server/handlers/graph.h"

#include <memory>
#include <utility>

#include <fmt/format.h>

#include "server/handlers/convert_filter.h"
#include "server/handlers/convert_graph.h"
#include "server/handlers/convert_value.h"
#include "server/handlers/write_batch.h"
#include "server/position_token.h"

namespace engram {
namespace {

// The edges as they stand now, from what was asked and what came out: nothing has to be read back.
v1::PutEdgesReply RenderEdges(const std::vector<NamedEdge>& asked, const MutationResult& result) {
  v1::PutEdgesReply reply;
  for (size_t i = 0; i < asked.size() && i < result.results.size(); ++i) {
    v1::Edge* shown = reply.add_edges();
    FromEdge(asked[i], shown);
    shown->set_version(result.results[i].version.value);
    shown->clear_recorded_at();
    const Outcome outcome = result.results[i].outcome;
    const bool recorded = outcome == Outcome::kCreated || outcome == Outcome::kUpdated;
    if (recorded) FromTimestamp(result.log_time, shown->mutable_recorded_at());
  }
  reply.set_position(PositionOf(result));
  return reply;
}

Result<v1::DeleteEdgesReply> DeleteByFilter(Service& service, RequestContext& context, const Filter& filter) {
  ASSIGN_OR_RETURN(const NamespaceRef ns, PathNamespace(context));
  ASSIGN_OR_RETURN(const Engine::FilterWriteReply wrote,
                   service.engine.DeleteEdgesByFilter(ns, filter, context.durability(), IdempotencyOf(context)));
  if (wrote.replayed) MarkReplayed(context);
  ASSIGN_OR_RETURN(const NamespaceId number, service.engine.FindNamespace(ns));
  v1::DeleteEdgesReply reply;
  reply.set_deleted(wrote.changed);
  reply.set_position(EncodePosition(number, wrote.position));
  return reply;
}

Result<WriteCall> BeginPutNode(Service& service, const RequestContext& context, v1::Node& request) {
  ASSIGN_OR_RETURN(WriteCall call, BeginWrite(context, IfAbsent::kCreateNamespace));
  call.mutation.read_back = true;
  ASSIGN_OR_RETURN(const std::string id, PathId(context, "id"));
  if (!request.id().empty() && request.id() != id) {
    return InvalidArgument(fmt::format("\"{}\" is not the node of the path, \"{}\"", request.id(), id)).At("id");
  }
  request.set_id(id);
  ASSIGN_OR_RETURN(WriteNode write, ToWriteNode(request, service.limits(), context.credential().May(Right::kImport)));
  call.Add(std::move(write));
  return call;
}

template <class Request>
Result<std::pair<NamespaceRef, WalkRequest>> BeginWalk(Service& service, const RequestContext& context,
                                                       const Request& request) {
  ASSIGN_OR_RETURN(NamespaceRef ns, PathNamespace(context));
  ASSIGN_OR_RETURN(WalkRequest walk, ToWalk(request, service.limits()));
  return std::pair(std::move(ns), std::move(walk));
}

}  // namespace

void PutEdges(Service& service, RequestContext& context, v1::PutEdgesRequest& request, Done<v1::PutEdgesReply> done) {
  Result<WriteCall> call = BeginWrite(context, IfAbsent::kCreateNamespace);
  if (!call.ok()) return done(std::move(call).status());
  if (request.edges().empty()) return done(InvalidArgument("no edges to write").At("edges"));
  v1::WriteRequest batch;
  batch.mutable_edges()->Swap(request.mutable_edges());
  if (Status status = AddBatch(service, context, batch, &*call); !status.ok()) return done(std::move(status));
  std::vector<NamedEdge> asked;
  for (const Operation& operation : call->mutation.operations) {
    const auto& write = std::get<WriteEdge>(operation);
    asked.push_back({write.edge, write.source_id, write.target_id, write.memory_id});
  }
  Write<v1::PutEdgesReply>(
      service, context, *std::move(call), std::move(done),
      [asked = std::move(asked)](const MutationResult& result) { return RenderEdges(asked, result); });
}

void DeleteEdges(Service& service, RequestContext& context, v1::DeleteEdgesRequest& request,
                 Done<v1::DeleteEdgesReply> done) {
  const v1::Value* filter = request.has_filter() ? &request.filter() : nullptr;
  Result<Selection> selection = ToSelection(request.ids(), filter, ParseEdgeFilter, service.limits());
  if (!selection.ok()) return done(std::move(selection).status());
  if (selection->filter) return done(DeleteByFilter(service, context, *selection->filter));
  Result<WriteCall> call = BeginWrite(context, IfAbsent::kFail);
  if (!call.ok()) return done(std::move(call).status());
  for (size_t i = 0; i < selection->ids.size(); ++i) {
    call->Add(DeleteEdge{selection->ids[i], {}}, fmt::format("ids[{}]", i));
  }
  Write<v1::DeleteEdgesReply>(service, context, *std::move(call), std::move(done), [](const MutationResult& result) {
    v1::DeleteEdgesReply reply;
    reply.set_deleted(CountOutcomes(result, Outcome::kDeleted));
    reply.set_position(PositionOf(result));
    return reply;
  });
}

Result<v1::ListEdgesReply> ListEdgesOf(Service& service, RequestContext& context, v1::ListEdgesRequest& request) {
  ASSIGN_OR_RETURN(const NamespaceRef ns, PathNamespace(context));
  ASSIGN_OR_RETURN(EdgeListQuery query, ToEdgeListQuery(request, service.limits()));
  ASSIGN_OR_RETURN(query.limit, PageLimit(request, service.limits()));
  ASSIGN_OR_RETURN(query.cursor, DecodeCursor(request.cursor()));
  ASSIGN_OR_RETURN(const NamedEdgePage page, service.engine.ListEdges(ns, query));
  v1::ListEdgesReply reply;
  for (const NamedEdge& edge : page.edges) FromEdge(edge, reply.add_edges());
  reply.set_next_cursor(EncodeCursor(page.next_cursor));
  return reply;
}

void PutOneNode(Service& service, RequestContext& context, v1::Node& request, Done<v1::NodeReply> done) {
  Result<WriteCall> call = BeginPutNode(service, context, request);
  if (!call.ok()) return done(std::move(call).status());
  Write<v1::NodeReply>(service, context, *std::move(call), std::move(done), [](const MutationResult& result) {
    v1::NodeReply reply;
    FromNode(*result.node, reply.mutable_node());
    reply.set_position(PositionOf(result));
    return reply;
  });
}

Result<v1::Node> GetOneNode(Service& service, RequestContext& context, NoBody&) {
  ASSIGN_OR_RETURN(const NamespaceRef ns, PathNamespace(context));
  ASSIGN_OR_RETURN(const std::string id, PathId(context, "id"));
  ASSIGN_OR_RETURN(const NodeView node, service.engine.GetNode(ns, id));
  v1::Node reply;
  FromNode(node, &reply);
  return reply;
}

Result<v1::ExpandReply> ExpandFrom(Service& service, RequestContext& context, v1::ExpandRequest& request) {
  ASSIGN_OR_RETURN(const auto walk, BeginWalk(service, context, request));
  ASSIGN_OR_RETURN(const ExpandReply found, service.engine.Expand(walk.first, walk.second));
  v1::ExpandReply reply;
  for (const auto& [node, distance] : found.nodes) {
    v1::ExpandReply::Reached* reached = reply.add_nodes();
    FromNode(node, reached->mutable_node());
    reached->set_distance(distance);
  }
  for (const NamedEdge& edge : found.edges) FromEdge(edge, reply.add_edges());
  reply.set_truncated(found.truncated);
  return reply;
}

Result<v1::PathReply> FindPathBetween(Service& service, RequestContext& context, v1::PathRequest& request) {
  ASSIGN_OR_RETURN(const auto walk, BeginWalk(service, context, request));
  ASSIGN_OR_RETURN(const PathReply found, service.engine.FindPath(walk.first, walk.second));
  v1::PathReply reply;
  reply.set_found(found.found);
  reply.mutable_nodes()->Add(found.nodes.begin(), found.nodes.end());
  for (const NamedEdge& edge : found.edges) FromEdge(edge, reply.add_edges());
  reply.set_cost(found.cost);
  return reply;
}

Result<v1::RankReply> RankFrom(Service& service, RequestContext& context, v1::RankRequest& request) {
  ASSIGN_OR_RETURN(const auto walk, BeginWalk(service, context, request));
  ASSIGN_OR_RETURN(const RankReply ranked, service.engine.Rank(walk.first, walk.second));
  v1::RankReply reply;
  for (const auto& [id, score] : ranked.nodes) {
    v1::RankReply::Entry* entry = reply.add_nodes();
    entry->set_id(id);
    entry->set_score(score);
  }
  reply.set_residual(ranked.residual);
  return reply;
}

}  // namespace engram
