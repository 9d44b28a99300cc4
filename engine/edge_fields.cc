// Edges as filters see them (engine.h).
#include <algorithm>
#include <array>

#include "engine/engine.h"

namespace engram {
namespace {

constexpr std::array<std::string_view, 13> kEdgeFields = {"id",        "type",       "source",  "target", "weight",
                                                          "user_id",   "agent_id",   "run_id",  "app_id", "actor_id",
                                                          "memory_id", "valid_from", "valid_to"};
constexpr std::string_view kEdgeFieldNames =
    "id, type, source, target, weight, user_id, agent_id, run_id, app_id, actor_id, memory_id, valid_from, valid_to "
    "and metadata.<path>";

bool IsEdgeField(std::string_view field) {
  return std::find(kEdgeFields.begin(), kEdgeFields.end(), field) != kEdgeFields.end() ||
         field.starts_with("metadata.");
}

void AddText(std::string_view name, const std::string& value, AttributeFields* fields) {
  if (!value.empty()) fields->emplace_back(name, Value(value));
}

void AddTime(std::string_view name, const std::optional<Timestamp>& time, AttributeFields* fields) {
  if (time) fields->emplace_back(name, Value(time->micros));
}

}  // namespace

Result<Filter> ParseEdgeFilter(const Value& filter) { return ParseFilter(filter, {IsEdgeField, kEdgeFieldNames}); }

AttributeFields EdgeFields(const NamedEdge& named) {
  const Edge& edge = named.edge;
  AttributeFields fields;
  AddText("id", edge.id, &fields);
  AddText("type", edge.type, &fields);
  AddText("source", named.source_id, &fields);
  AddText("target", named.target_id, &fields);
  fields.emplace_back("weight", Value(edge.weight));
  AddText("user_id", edge.scopes.user_id, &fields);
  AddText("agent_id", edge.scopes.agent_id, &fields);
  AddText("run_id", edge.scopes.run_id, &fields);
  AddText("app_id", edge.scopes.app_id, &fields);
  AddText("actor_id", edge.scopes.actor_id, &fields);
  AddText("memory_id", named.memory_id, &fields);
  AddTime("valid_from", edge.valid_from, &fields);
  AddTime("valid_to", edge.valid_to, &fields);
  FlattenMetadata(edge.metadata, &fields);
  return fields;
}

}  // namespace engram
