#include "server/handlers/convert_run.h"

#include <utility>

#include <fmt/format.h>

#include "server/handlers/convert_value.h"

namespace engram {
namespace {

// The store's own to tell, but for imports.
Status RefuseTimes(const v1::Run& run) {
  const char* field = run.has_created_at()      ? "created_at"
                      : run.has_last_activity() ? "last_activity"
                      : run.has_expires_at()    ? "expires_at"
                      : run.memories() != 0     ? "memories"
                                                : nullptr;
  if (field != nullptr) return InvalidArgument(fmt::format("{} is for replies only", field)).At(field);
  return Status::Ok();
}

Result<std::optional<Timestamp>> ToTimeIf(bool there, const google::protobuf::Timestamp& time, const char* field) {
  if (!there) return std::optional<Timestamp>();
  Result<Timestamp> converted = ToTimestamp(time);
  if (!converted.ok()) return std::move(converted).status().At(field);
  return std::optional<Timestamp>(*converted);
}

Status ReadTimes(const v1::Run& run, WriteRun* write) {
  ASSIGN_OR_RETURN(write->created_at, ToTimeIf(run.has_created_at(), run.created_at(), "created_at"));
  ASSIGN_OR_RETURN(write->last_activity, ToTimeIf(run.has_last_activity(), run.last_activity(), "last_activity"));
  ASSIGN_OR_RETURN(write->expires_at, ToTimeIf(run.has_expires_at(), run.expires_at(), "expires_at"));
  return Status::Ok();
}

}  // namespace

Result<WriteRun> ToWriteRun(const std::string& run_id, const v1::Run& run, const MemoryBorder& border) {
  if (!run.actor_id().empty()) return InvalidArgument("an actor is no part of what a run is").At("actor_id");
  if (!border.may_import) RETURN_IF_ERROR(RefuseTimes(run));
  if (!run.run_id().empty() && run.run_id() != run_id) {
    return InvalidArgument(fmt::format("\"{}\" is not the run of the path, \"{}\"", run.run_id(), run_id)).At("run_id");
  }
  WriteRun write;
  RETURN_IF_ERROR(ReadTimes(run, &write));
  ASSIGN_OR_RETURN(write.scopes, ToScopes(run));
  write.scopes.run_id = run_id;
  Result<Value::Object> metadata = ToObject(run.metadata());
  if (!metadata.ok()) return std::move(metadata).status().Under("metadata");
  write.metadata = *std::move(metadata);
  write.ttl_seconds.emplace();
  if (!run.has_ttl_seconds()) return write;
  if (run.ttl_seconds() < 1 || run.ttl_seconds() > border.limits.ttl_seconds) {
    return InvalidArgument(
               fmt::format("{} seconds are not between 1 and {}", run.ttl_seconds(), border.limits.ttl_seconds))
        .At("ttl_seconds");
  }
  write.ttl_seconds->emplace(run.ttl_seconds());
  return write;
}

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

}  // namespace engram
