#include "server/handlers/export.h"

#include <utility>

#include "server/handlers/convert_filter.h"
#include "server/handlers/convert_graph.h"
#include "server/handlers/convert_memory.h"
#include "server/handlers/convert_run.h"
#include "server/position_token.h"

namespace engram {
namespace {

void FromFormer(const std::vector<HistoryEvent>& history, v1::Memory* out) {
  for (const HistoryEvent& event : history) {
    v1::HistoryEvent* former = out->add_history();
    FromHistoryEvent(event, former);
    // The version itself says these, too.
    former->clear_old_text();
    former->clear_new_text();
    former->clear_actor_id();
    former->clear_role();
    if (event.kind == HistoryEvent::Kind::kDelete || event.kind == HistoryEvent::Kind::kExpire) former->clear_memory();
  }
}

void FromExportedMemory(const ExportedMemory& exported, v1::Memory* out) {
  Include everything;
  everything.vectors = true;
  FromMemory(exported.memory, everything, out);
  FromFormer(exported.history, out);
}

// Of what is gone the id, the scopes and the events are left.
void FromTombstone(const ExportedTombstone& tombstone, v1::Memory* out) {
  out->set_id(tombstone.id);
  out->set_user_id(tombstone.scopes.user_id);
  out->set_agent_id(tombstone.scopes.agent_id);
  out->set_run_id(tombstone.scopes.run_id);
  out->set_app_id(tombstone.scopes.app_id);
  out->set_actor_id(tombstone.scopes.actor_id);
  if (tombstone.source_version) out->mutable_source()->set_version(*tombstone.source_version);
  FromFormer(tombstone.history, out);
}

void FromExportedNode(const ExportedNode& exported, v1::Node* out) {
  FromNode(exported.node, out);
  out->set_implicit(exported.implicit);
}

}  // namespace

Result<v1::ExportReply> ExportNamespace(Service& service, RequestContext& context, v1::ExportRequest& request) {
  ExportQuery query;
  ASSIGN_OR_RETURN(query.limit, PageLimit(request, service.limits()));
  ASSIGN_OR_RETURN(query.cursor, DecodeCursor(request.cursor()));
  query.history = !request.without_history();
  query.tombstones = request.with_tombstones();
  query.history_versions_max = service.limits().batch_items;
  ASSIGN_OR_RETURN(const ReadCall call, BeginRead(service, context, "", std::nullopt));
  ASSIGN_OR_RETURN(const ExportPage page, service.engine.Export(call.ns, query, call.options));
  v1::ExportReply reply;
  for (const ExportedMemory& memory : page.memories) FromExportedMemory(memory, reply.add_memories());
  for (const ExportedTombstone& tombstone : page.tombstones) FromTombstone(tombstone, reply.add_tombstones());
  for (const ExportedNode& node : page.nodes) FromExportedNode(node, reply.add_nodes());
  for (const Run& run : page.runs) FromRun(run, reply.add_runs());
  for (const NamedEdge& edge : page.edges) FromEdge(edge, reply.add_edges());
  reply.set_next_cursor(EncodeCursor(page.next_cursor));
  reply.set_histories_cut(page.histories_cut);
  return reply;
}

Result<v1::ChangesReply> ListChanges(Service& service, RequestContext& context, v1::ChangesRequest& request) {
  ChangesQuery query;
  ASSIGN_OR_RETURN(query.limit, PageLimit(request, service.limits()));
  ASSIGN_OR_RETURN(query.cursor, DecodeCursor(request.cursor()));
  query.history = !request.without_history();
  query.history_versions_max = service.limits().batch_items;
  ASSIGN_OR_RETURN(const ReadCall call, BeginRead(service, context, "", std::nullopt));
  if (!request.since().empty()) {
    auto token = DecodePosition(request.since());
    if (!token.ok()) return std::move(token).status().At("since");
    if (token->ns != call.number) return InvalidArgument("this position is another namespace's").At("since");
    query.since = token->position;
  }
  ASSIGN_OR_RETURN(const ChangesPage page, service.engine.Changes(call.ns, query, call.options));
  v1::ChangesReply reply;
  for (const ExportedMemory& memory : page.memories) FromExportedMemory(memory, reply.add_memories());
  for (const ExportedTombstone& ended : page.ended) FromTombstone(ended, reply.add_ended());
  reply.set_erased(page.erased);
  reply.set_next_cursor(EncodeCursor(page.next_cursor));
  reply.set_position(call.Token(page.position));
  reply.set_histories_cut(page.histories_cut);
  return reply;
}

}  // namespace engram
