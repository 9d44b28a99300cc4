#include "server/handlers/convert_memory.h"

#include <utility>

#include <fmt/format.h>

#include "server/handlers/convert_value.h"

namespace engram {
namespace {

Result<Timestamp> ToTimeAt(const google::protobuf::Timestamp& time, const char* field) {
  Result<Timestamp> converted = ToTimestamp(time);
  if (!converted.ok()) return std::move(converted).status().At(field);
  return converted;
}

Result<Attributes> ToAttributes(const v1::Memory& memory, const RequestLimits& limits) {
  Attributes attributes;
  ASSIGN_OR_RETURN(attributes.scopes, ToScopes(memory));
  RETURN_IF_ERROR(CheckLabel("role", memory.role(), limits.label_bytes));
  RETURN_IF_ERROR(CheckLabel("kind", memory.kind(), limits.label_bytes));
  attributes.role = memory.role();
  attributes.kind = memory.kind();
  ASSIGN_OR_RETURN(attributes.state, ToMemoryState(memory.state()));
  Result<Value::Object> metadata = ToObject(memory.metadata());
  if (!metadata.ok()) return std::move(metadata).status().Under("metadata");
  attributes.metadata = *std::move(metadata);
  if (memory.has_event_time()) {
    ASSIGN_OR_RETURN(attributes.event_time, ToTimeAt(memory.event_time(), "event_time"));
  }
  ASSIGN_OR_RETURN(attributes.source, ToSource(memory.source(), limits));
  return attributes;
}

Result<ImportedVersion::Event> ToImportedEvent(const std::string& name) {
  if (name == "add" || name == "update") return ImportedVersion::Event::kWritten;
  if (name == "delete") return ImportedVersion::Event::kDeleted;
  if (name == "expire") return ImportedVersion::Event::kExpired;
  return InvalidArgument(fmt::format("event \"{}\" is none of add, update, delete, expire", name)).At("event");
}

Result<ImportedVersion> ToImportedVersion(const v1::HistoryEvent& event, const RequestLimits& limits) {
  ImportedVersion version;
  if (event.version() == 0) return InvalidArgument("versions count from 1").At("version");
  version.version = Version(event.version());
  if (!event.has_time()) return InvalidArgument("the version's time is missing").At("time");
  ASSIGN_OR_RETURN(version.attributes.updated_at, ToTimeAt(event.time(), "time"));
  ASSIGN_OR_RETURN(version.event, ToImportedEvent(event.event()));
  if (version.event != ImportedVersion::Event::kWritten) return version;
  if (!event.has_memory()) return InvalidArgument("the version itself is missing").At("memory");
  Result<Content> content = ToContent(event.memory(), limits);
  if (!content.ok()) return std::move(content).status().Under("memory");
  version.content = *std::move(content);
  Result<Attributes> attributes = ToAttributes(event.memory(), limits);
  if (!attributes.ok()) return std::move(attributes).status().Under("memory");
  const Timestamp time = version.attributes.updated_at;
  version.attributes = *std::move(attributes);
  version.attributes.updated_at = version.attributes.created_at = time;
  if (event.memory().has_created_at()) {
    ASSIGN_OR_RETURN(version.attributes.created_at, ToTimeAt(event.memory().created_at(), "memory.created_at"));
  }
  return version;
}

// An import may write back what an export showed. The hash is the store's own to tell and left aside.
Status RefuseImportFields(const v1::Memory& memory) {
  const char* field = memory.has_created_at()         ? "created_at"
                      : memory.has_updated_at()       ? "updated_at"
                      : memory.has_version()          ? "version"
                      : !memory.history().empty()     ? "history"
                      : memory.has_access_count()     ? "access_count"
                      : memory.has_last_accessed_at() ? "last_accessed_at"
                      : memory.has_feedback()         ? "feedback"
                      : !memory.hash().empty()        ? "hash"
                                                      : nullptr;
  if (field == nullptr) return Status::Ok();
  return InvalidArgument(fmt::format("{} is for replies and imports only", field)).At(field);
}

Status ReadImportFields(const v1::Memory& memory, const RequestLimits& limits, WriteMemory* write) {
  if (memory.has_created_at()) {
    ASSIGN_OR_RETURN(write->created_at, ToTimeAt(memory.created_at(), "created_at"));
  }
  if (memory.has_updated_at()) {
    ASSIGN_OR_RETURN(write->updated_at, ToTimeAt(memory.updated_at(), "updated_at"));
  }
  if (write->created_at && write->updated_at && *write->updated_at < *write->created_at) {
    return InvalidArgument("updated_at lies before created_at").At("updated_at");
  }
  if (memory.has_version()) {
    if (memory.version() == 0) return InvalidArgument("versions count from 1").At("version");
    write->version = Version(memory.version());
  }
  if (memory.history_size() > static_cast<int>(limits.batch_items)) {
    return InvalidArgument(fmt::format("{} versions are more than {}", memory.history_size(), limits.batch_items))
        .At("history");
  }
  Version before;
  for (int i = 0; i < memory.history_size(); ++i) {
    const std::string at = fmt::format("history[{}]", i);
    Result<ImportedVersion> version = ToImportedVersion(memory.history(i), limits);
    if (!version.ok()) return std::move(version).status().Under(at);
    if (version->version <= before) return InvalidArgument("versions must ascend").At(at + ".version");
    before = version->version;
    // A life began with its first version, unless the version itself says when.
    const bool goes_on = i > 0 && write->history.back().event == ImportedVersion::Event::kWritten;
    if (goes_on && !memory.history(i).memory().has_created_at()) {
      version->attributes.created_at = write->history.back().attributes.created_at;
    }
    write->history.push_back(*std::move(version));
  }
  if (!write->history.empty() && write->version && *write->version <= before) {
    return InvalidArgument("version is not above those of its history").At("version");
  }
  return Status::Ok();
}

Result<std::map<std::string, std::string>> ToVectorModels(const v1::Memory& memory, const Content& content,
                                                          const RequestLimits& limits) {
  std::map<std::string, std::string> models;
  for (const auto& [space, model] : memory.vector_models()) {
    const std::string at = "vector_models." + space;
    if (content.vectors.count(space) == 0) return InvalidArgument("there is no vector for this space").At(at);
    RETURN_IF_ERROR(CheckLabel(at, model, limits.label_bytes));
    models.emplace(space, model);
  }
  return models;
}

}  // namespace

Result<MemoryState> ToMemoryState(const std::string& name) {
  if (name.empty()) return MemoryState::kActive;
  for (const MemoryState state : {MemoryState::kActive, MemoryState::kArchived, MemoryState::kPaused}) {
    if (name == MemoryStateName(state)) return state;
  }
  return InvalidArgument(fmt::format("state \"{}\" is none of active, archived, paused", name)).At("state");
}

Result<WriteMemory> ToWriteMemory(const v1::Memory& memory, const MemoryBorder& border, UuidSource& uuids) {
  WriteMemory write;
  if (memory.id().empty()) {
    write.id = uuids.Next();
  } else {
    if (Status status = CheckId("the id", memory.id()); !status.ok()) return std::move(status).At("id");
    write.id = memory.id();
  }
  ASSIGN_OR_RETURN(write.content, ToContent(memory, border.limits));
  ASSIGN_OR_RETURN(write.attributes, ToAttributes(memory, border.limits));
  ASSIGN_OR_RETURN(write.state, ToStateChange(memory, border));
  ASSIGN_OR_RETURN(write.vector_models, ToVectorModels(memory, write.content, border.limits));
  if (memory.has_if_version()) write.if_version = memory.if_version();
  RETURN_IF_ERROR(border.may_import ? ReadImportFields(memory, border.limits, &write) : RefuseImportFields(memory));
  return write;
}

Result<WriteTombstone> ToWriteTombstone(const v1::Memory& memory, const MemoryBorder& border, UuidSource& uuids) {
  if (memory.id().empty()) return InvalidArgument("a deleted memory without an id").At("id");
  ASSIGN_OR_RETURN(WriteMemory whole, ToWriteMemory(memory, border, uuids));
  const bool ended = !whole.history.empty() && whole.history.back().event != ImportedVersion::Event::kWritten;
  if (!ended) return InvalidArgument("the last event of a deleted memory is neither delete nor expire").At("history");
  return WriteTombstone{std::move(whole.id), whole.attributes.source.version, std::move(whole.history)};
}

}  // namespace engram
