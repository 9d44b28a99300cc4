#include "server/handlers/runs.h"

#include <utility>

#include <fmt/format.h>

#include "server/handlers/convert_run.h"
#include "server/handlers/convert_value.h"
#include "server/position_token.h"

namespace engram {
namespace {

// The run that path and query parameters name.
Result<Scopes> PathRun(const RequestContext& context) {
  Scopes scopes;
  ASSIGN_OR_RETURN(scopes.run_id, PathId(context, "run_id"));
  scopes.user_id = context.query("user_id").value_or("");
  scopes.agent_id = context.query("agent_id").value_or("");
  scopes.app_id = context.query("app_id").value_or("");
  RETURN_IF_ERROR(CheckScopes(scopes));
  return scopes;
}

Result<WriteCall> BeginPut(const Service& service, const RequestContext& context, const v1::Run& request) {
  ASSIGN_OR_RETURN(WriteCall call, BeginWrite(context, IfAbsent::kCreateNamespace));
  call.mutation.read_back = true;
  ASSIGN_OR_RETURN(const std::string run_id, PathId(context, "run_id"));
  ASSIGN_OR_RETURN(WriteRun write, ToWriteRun(run_id, request, MemoryBorder{service.limits()}));
  call.Add(std::move(write));
  return call;
}

Result<WriteCall> BeginDelete(const RequestContext& context) {
  ASSIGN_OR_RETURN(WriteCall call, BeginWrite(context, IfAbsent::kFail));
  ASSIGN_OR_RETURN(Scopes scopes, PathRun(context));
  call.Add(DeleteRun{std::move(scopes)});
  return call;
}

}  // namespace

void PutOneRun(Service& service, RequestContext& context, v1::Run& request, Done<v1::RunReply> done) {
  Result<WriteCall> call = BeginPut(service, context, request);
  if (!call.ok()) return done(std::move(call).status());
  Write<v1::RunReply>(service, context, *std::move(call), std::move(done), [](const MutationResult& result) {
    v1::RunReply reply;
    FromRun(*result.run, reply.mutable_run());
    reply.set_position(PositionOf(result));
    return reply;
  });
}

Result<v1::Run> GetOneRun(Service& service, RequestContext& context, NoBody&) {
  ASSIGN_OR_RETURN(const NamespaceRef ns, PathNamespace(context));
  ASSIGN_OR_RETURN(const Scopes scopes, PathRun(context));
  ASSIGN_OR_RETURN(const Run run, service.engine.FindRun(ns, scopes));
  v1::Run reply;
  FromRun(run, &reply);
  return reply;
}

void DeleteOneRun(Service& service, RequestContext& context, NoBody&, Done<v1::DeleteReply> done) {
  Result<WriteCall> call = BeginDelete(context);
  if (!call.ok()) return done(std::move(call).status());
  Write<v1::DeleteReply>(service, context, *std::move(call), std::move(done), [](const MutationResult& result) {
    v1::DeleteReply reply;
    reply.set_deleted(CountOutcomes(result, Outcome::kDeleted));
    reply.set_position(PositionOf(result));
    return reply;
  });
}

Result<v1::ListRunsReply> ListRunsOf(Service& service, RequestContext& context, v1::ListRunsRequest& request) {
  ASSIGN_OR_RETURN(const NamespaceRef ns, PathNamespace(context));
  const Scopes scopes{request.user_id(), request.agent_id(), "", request.app_id(), request.actor_id()};
  RETURN_IF_ERROR(CheckScopes(scopes));
  if (!scopes.actor_id.empty()) return InvalidArgument("an actor is no part of what a run is").At("actor_id");
  ASSIGN_OR_RETURN(const uint32_t limit, PageLimit(request, service.limits()));
  ASSIGN_OR_RETURN(const std::string cursor, DecodeCursor(request.cursor()));
  ASSIGN_OR_RETURN(const RunPage page, service.engine.ListRuns(ns, scopes, limit, cursor));
  v1::ListRunsReply reply;
  for (const Run& run : page.runs) FromRun(run, reply.add_runs());
  reply.set_next_cursor(EncodeCursor(page.next_cursor));
  return reply;
}

}  // namespace engram
