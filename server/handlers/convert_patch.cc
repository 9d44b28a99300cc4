// MemoryPatch: what is present replaces, what `clear` names is removed (RFC 7396, where JSON says null).
#include <utility>

#include <fmt/format.h>

#include "server/handlers/convert_memory.h"
#include "server/handlers/convert_value.h"

namespace engram {
namespace {

Status RefuseScopes(const v1::MemoryPatch& patch) {
  const char* field = patch.has_user_id()    ? "user_id"
                      : patch.has_agent_id() ? "agent_id"
                      : patch.has_run_id()   ? "run_id"
                      : patch.has_app_id()   ? "app_id"
                      : patch.has_actor_id() ? "actor_id"
                                             : nullptr;
  if (field == nullptr) return Status::Ok();
  return InvalidArgument("scopes can't change").At(field);
}

// What is set to a value and named in `clear` as well.
Status Contradiction(const std::string& name) {
  return InvalidArgument(fmt::format("{} is both given and cleared", name)).At(name);
}

template <class T>
Status Clear(const std::string& name, std::optional<T>* member, T cleared) {
  if (member->has_value()) return Contradiction(name);
  *member = std::move(cleared);
  return Status::Ok();
}

template <class Map>
Status ClearKey(const std::string& name, const std::string& key, Map* map) {
  if (!map->emplace(key, std::nullopt).second) return Contradiction(name);
  return Status::Ok();
}

// Everything that is stored under `name`.
Status ClearAll(const std::string& name, bool given, bool* clear) {
  if (given) return Contradiction(name);
  *clear = true;
  return Status::Ok();
}

Status ClearSource(const std::string& name, std::optional<SourcePatch>* patch) {
  using OptionalVersion = std::optional<uint64_t>;
  if (name == "source") {
    return Clear(name, patch, SourcePatch{std::string(), std::string(), OptionalVersion(), std::string()});
  }
  if (!*patch) patch->emplace();
  if (name == "source.system") return Clear(name, &(*patch)->system, std::string());
  if (name == "source.id") return Clear(name, &(*patch)->id, std::string());
  if (name == "source.version") return Clear(name, &(*patch)->version, OptionalVersion());
  if (name == "source.batch") return Clear(name, &(*patch)->batch, std::string());
  return InvalidArgument(fmt::format("\"{}\" can't be cleared", name)).At(name);
}

Status ClearMember(const std::string& name, PatchMemory* patch) {
  using OptionalTime = std::optional<Timestamp>;
  StateChange& record = patch->record;
  if (name == "text") return Clear(name, &patch->text, std::string());
  if (name == "vector") return ClearKey(name, std::string(kDefaultSpace), &patch->vectors);
  if (name == "role") return Clear(name, &patch->role, std::string());
  if (name == "kind") return Clear(name, &patch->kind, std::string());
  if (name == "state") return Clear(name, &patch->state, MemoryState::kActive);
  if (name == "event_time") return Clear(name, &patch->event_time, OptionalTime());
  if (name == "source" || name.rfind("source.", 0) == 0) return ClearSource(name, &patch->source);
  if (name == "expires_at") return Clear(name, &record.expires_at, OptionalTime());
  if (name == "ttl_seconds") return Clear(name, &record.ttl_seconds, std::optional<uint64_t>());
  if (name == "refresh_ttl_on_read") return Clear(name, &record.refresh_ttl_on_read, false);
  if (name == "importance") return Clear(name, &record.importance, std::optional<double>());
  if (name == "pinned") return Clear(name, &record.pinned, false);
  if (name.rfind("fields.", 0) == 0) return ClearKey(name, name.substr(7), &patch->fields);
  if (name.rfind("vectors.", 0) == 0) return ClearKey(name, name.substr(8), &patch->vectors);
  if (name == "fields") return ClearAll(name, !patch->fields.empty(), &patch->clear_fields);
  if (name == "vectors") {
    const bool named = patch->vectors.size() > patch->vectors.count(std::string(kDefaultSpace));
    return ClearAll(name, named, &patch->clear_vectors);
  }
  if (name == "metadata") return ClearAll(name, patch->metadata.has_value(), &patch->clear_metadata);
  return InvalidArgument(fmt::format("\"{}\" can't be cleared", name)).At(name);
}

Status ReadContent(const v1::MemoryPatch& patch, const RequestLimits& limits, PatchMemory* out) {
  // Written as a memory to hold both to the same checks.
  v1::Memory content;
  content.set_text(patch.text());
  *content.mutable_fields() = patch.fields();
  *content.mutable_vectors() = patch.vectors();
  if (patch.has_vector()) *content.mutable_vector() = patch.vector();
  ASSIGN_OR_RETURN(Content converted, ToContent(content, limits));
  if (patch.has_text()) out->text = std::move(converted.text);
  for (auto& [name, text] : converted.fields) out->fields.emplace(name, std::move(text));
  for (auto& [space, vector] : converted.vectors) out->vectors.emplace(space, std::move(vector));
  return Status::Ok();
}

Status ReadAttributes(const v1::MemoryPatch& patch, const RequestLimits& limits, PatchMemory* out) {
  if (!patch.metadata().empty()) {
    Result<Value::Object> metadata = ToObject(patch.metadata());
    if (!metadata.ok()) return std::move(metadata).status().Under("metadata");
    out->metadata = *std::move(metadata);
  }
  RETURN_IF_ERROR(CheckLabel("role", patch.role(), limits.label_bytes));
  RETURN_IF_ERROR(CheckLabel("kind", patch.kind(), limits.label_bytes));
  if (patch.has_role()) out->role = patch.role();
  if (patch.has_kind()) out->kind = patch.kind();
  if (patch.has_state()) {
    ASSIGN_OR_RETURN(out->state, ToMemoryState(patch.state()));
  }
  if (patch.has_event_time()) {
    Result<Timestamp> time = ToTimestamp(patch.event_time());
    if (!time.ok()) return std::move(time).status().At("event_time");
    out->event_time.emplace(*time);
  }
  if (patch.has_source()) {
    ASSIGN_OR_RETURN(Source given, ToSource(patch.source(), limits));
    SourcePatch& source = out->source.emplace();
    if (!given.system.empty()) source.system = std::move(given.system);
    if (!given.id.empty()) source.id = std::move(given.id);
    if (given.version) source.version.emplace(given.version);
    if (!given.batch.empty()) source.batch = std::move(given.batch);
  }
  return Status::Ok();
}

}  // namespace

Result<PatchMemory> ToPatchMemory(std::string id, const v1::MemoryPatch& patch, const RequestLimits& limits) {
  RETURN_IF_ERROR(RefuseScopes(patch));
  PatchMemory out;
  out.id = std::move(id);
  if (patch.has_if_version()) out.if_version = patch.if_version();
  out.keep_vectors = patch.keep_vectors();
  RETURN_IF_ERROR(ReadContent(patch, limits, &out));
  RETURN_IF_ERROR(ReadAttributes(patch, limits, &out));
  ASSIGN_OR_RETURN(out.record, ToStateChange(patch, limits));
  for (const std::string& name : patch.clear()) RETURN_IF_ERROR(ClearMember(name, &out));
  if (out.record.expires_at && out.record.ttl_seconds && (*out.record.expires_at || *out.record.ttl_seconds)) {
    // One is set and the other cleared: what was set holds.
    if (!*out.record.expires_at) out.record.expires_at.reset();
    if (out.record.ttl_seconds && !*out.record.ttl_seconds) out.record.ttl_seconds.reset();
  }
  return out;
}

}  // namespace engram
