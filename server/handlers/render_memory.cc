#include "server/handlers/convert_memory.h"
#include "server/handlers/convert_value.h"

namespace engram {
namespace {

void FromSource(const Source& source, v1::Source* out) {
  out->set_system(source.system);
  out->set_id(source.id);
  if (source.version) out->set_version(*source.version);
  out->set_batch(source.batch);
}

void FromContent(const Content& content, const Include& include, v1::Memory* out) {
  if (include.text) out->set_text(content.text);
  if (include.fields) out->mutable_fields()->insert(content.fields.begin(), content.fields.end());
  if (!include.vectors) return;
  for (const auto& [space, vector] : content.vectors) {
    FromVector(vector, space == kDefaultSpace ? out->mutable_vector() : &(*out->mutable_vectors())[space]);
  }
}

void FromAttributes(const Attributes& attributes, v1::Memory* out) {
  FromScopes(attributes.scopes, out);
  out->set_role(attributes.role);
  out->set_kind(attributes.kind);
  out->set_state(std::string(MemoryStateName(attributes.state)));
  if (attributes.event_time) FromTimestamp(*attributes.event_time, out->mutable_event_time());
  if (attributes.source != Source()) FromSource(attributes.source, out->mutable_source());
  FromTimestamp(attributes.created_at, out->mutable_created_at());
  FromTimestamp(attributes.updated_at, out->mutable_updated_at());
}

void FromStateRecord(const StateRecord& record, v1::Memory* out) {
  if (record.expires_at) FromTimestamp(*record.expires_at, out->mutable_expires_at());
  if (record.ttl_seconds) out->set_ttl_seconds(*record.ttl_seconds);
  if (record.refresh_ttl_on_read) {
    out->set_refresh_ttl_on_read(true);
    out->set_access_count(record.access_count);
  }
  if (record.importance) out->set_importance(*record.importance);
  if (record.pinned) out->set_pinned(true);
  if (record.used != 0 || record.helpful != 0 || record.harmful != 0) {
    v1::FeedbackCounts* feedback = out->mutable_feedback();
    feedback->set_used(record.used);
    feedback->set_helpful(record.helpful);
    feedback->set_harmful(record.harmful);
  }
  if (record.last_access) FromTimestamp(*record.last_access, out->mutable_last_accessed_at());
}

const char* EventName(HistoryEvent::Kind kind) {
  switch (kind) {
    case HistoryEvent::Kind::kAdd: return "add";
    case HistoryEvent::Kind::kUpdate: return "update";
    case HistoryEvent::Kind::kDelete: return "delete";
    case HistoryEvent::Kind::kExpire: return "expire";
  }
  return "";
}

}  // namespace

void FromMemory(const Memory& memory, const Include& include, v1::Memory* out) {
  out->set_id(memory.id);
  FromContent(memory.content, include, out);
  if (include.metadata) FromObject(memory.attributes.metadata, out->mutable_metadata());
  out->set_version(memory.version.value);
  if (!include.attributes) return;
  FromAttributes(memory.attributes, out);
  FromStateRecord(memory.state, out);
  if (memory.hash) out->set_hash(memory.hash->ToHex());
}

void FromHistoryEvent(const HistoryEvent& event, v1::HistoryEvent* out) {
  Include everything;
  everything.vectors = true;
  out->set_version(event.version.value);
  out->set_event(EventName(event.kind));
  if (event.old_text) out->set_old_text(*event.old_text);
  const bool ends = event.kind == HistoryEvent::Kind::kDelete || event.kind == HistoryEvent::Kind::kExpire;
  if (!ends) out->set_new_text(event.memory.content.text);
  FromMemory(event.memory, everything, out->mutable_memory());
  out->set_actor_id(event.memory.attributes.scopes.actor_id);
  out->set_role(event.memory.attributes.role);
  FromTimestamp(event.time, out->mutable_time());
}

}  // namespace engram
