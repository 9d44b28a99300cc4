#include "server/handlers/runs.h"

#include <utility>

#include <fmt/format.h>

#include "server/handlers/convert_value.h"
#include "server/position_token.h"

namespace engram {
namespace {

void FromRun(const Run& run, v1::Run* out) {
  out->set_run_id(run.scopes.run_id);
  out->set_user_id(run.scopes.user_id);
  out->set_agent_id(run.scopes.agent_id);
  out->set_app_id(run.scopes.app_id);
  FromObject(run.metadata, out->mutable_metadata());
  if (run.ttl_seconds) out->set_ttl_seconds(*run.ttl_seconds);
  FromTimestamp(run.created_at, out->mutable_created_at());
  FromTimestamp(run.last_activity, out->mutable_last_activity());
  if (run.expires_at) FromTimestamp(*run.expires_at, out->mutable_expires_at());
  out->set_memories(run.memories);
}

Status RefuseUnstored(const v1::Run& run) {
  const char* field = run.has_created_at()      ? "created_at"
                      : run.has_last_activity() ? "last_activity"
                      : run.has_expires_at()    ? "expires_at"
                      : run.memories() != 0     ? "memories"
                                                : nullptr;
  if (field != nullptr) return InvalidArgument(fmt::format("{} is for replies only", field)).At(field);
  if (!run.actor_id().empty()) return InvalidArgument("an actor is no part of what a run is").At("actor_id");
  return Status::Ok();
}

Result<WriteRun> ToWriteRun(const std::string& run_id, const v1::Run& run, const RequestLimits& limits) {
  RETURN_IF_ERROR(RefuseUnstored(run));
  if (!run.run_id().empty() && run.run_id() != run_id) {
    return InvalidArgument(fmt::format("\"{}\" is not the run of the path, \"{}\"", run.run_id(), run_id)).At("run_id");
  }
  WriteRun write;
  ASSIGN_OR_RETURN(write.scopes, ToScopes(run));
  write.scopes.run_id = run_id;
  Result<Value::Object> metadata = ToObject(run.metadata());
  if (!metadata.ok()) return std::move(metadata).status().Under("metadata");
  write.metadata = *std::move(metadata);
  write.ttl_seconds.emplace();
  if (!run.has_ttl_seconds()) return write;
  if (run.ttl_seconds() < 1 || run.ttl_seconds() > limits.ttl_seconds) {
    return InvalidArgument(fmt::format("{} seconds are not between 1 and {}", run.ttl_seconds(), limits.ttl_seconds))
        .At("ttl_seconds");
  }
  write.ttl_seconds->emplace(run.ttl_seconds());
  return write;
}

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

Result<WriteCall> BeginDelete(const RequestContext& context) {
  ASSIGN_OR_RETURN(WriteCall call, BeginWrite(context, IfAbsent::kFail));
  ASSIGN_OR_RETURN(Scopes scopes, PathRun(context));
  call.Add(DeleteRun{std::move(scopes)});
  return call;
}

}  // namespace

Result<v1::RunReply> PutOneRun(Service& service, RequestContext& context, v1::Run& request) {
  ASSIGN_OR_RETURN(WriteCall call, BeginWrite(context, IfAbsent::kCreateNamespace));
  call.mutation.read_back = true;
  ASSIGN_OR_RETURN(const std::string run_id, PathId(context, "run_id"));
  ASSIGN_OR_RETURN(WriteRun write, ToWriteRun(run_id, request, service.limits()));
  call.Add(std::move(write));
  ASSIGN_OR_RETURN(const MutationResult result, WriteAndWait(service, context, std::move(call)));
  v1::RunReply reply;
  FromRun(*result.run, reply.mutable_run());
  reply.set_position(PositionOf(result));
  return reply;
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
