#include "tools/import/route.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/file.h"
#include "base/hash.h"
#include "engine/config.h"

namespace engram {
namespace {

using Members = google::protobuf::Map<std::string, v1::Value>;

constexpr std::string_view kValue = "{value}";
constexpr std::string_view kMetadata = "metadata.";
// Also members of v1::Memory; the scopes are members of edges, nodes and runs, too.
constexpr const char* kFields[] = {"user_id", "agent_id", "run_id", "app_id", "actor_id", "role", "kind", "state"};
constexpr const char* kSystem = "source.system";

Result<const Members*> ObjectOf(const v1::Value& value) {
  if (value.has_object_value()) return &value.object_value().members();
  return InvalidArgument("expected an object");
}

Result<std::string> TextOf(const v1::Value& value) {
  if (value.has_string_value() && !value.string_value().empty()) return value.string_value();
  return InvalidArgument("expected a text that is not empty");
}

Result<std::string> NameOf(const v1::Value& value) {
  ASSIGN_OR_RETURN(std::string name, TextOf(value));
  RETURN_IF_ERROR(CheckName("the name", name));
  return name;
}

Status ReadField(const v1::Value& value, FieldRoute* route) {
  ASSIGN_OR_RETURN(route->field, TextOf(value));
  const std::string_view field = route->field;
  if (field == kSystem || std::find(std::begin(kFields), std::end(kFields), field) != std::end(kFields)) return {};
  if (!field.starts_with(kMetadata)) {
    return InvalidArgument(fmt::format(
        "\"{}\" is none of user_id, agent_id, run_id, app_id, actor_id, role, kind, state, source.system, metadata.…",
        field));
  }
  std::string part;
  for (size_t i = kMetadata.size(); i <= field.size(); ++i) {
    if (i < field.size() && field[i] != '.') {
      if (field[i] == '\\' && i + 1 < field.size()) ++i;  // a dot in a key
      part += field[i];
      continue;
    }
    if (part.empty()) return InvalidArgument(fmt::format("\"{}\" has an empty part", field));
    route->path.push_back(std::exchange(part, {}));
  }
  return {};
}

Status ReadTemplate(const v1::Value& value, FieldRoute* route) {
  ASSIGN_OR_RETURN(route->name_template, TextOf(value));
  const size_t at = route->name_template.find(kValue);
  if (at != std::string::npos && route->name_template.find(kValue, at + 1) == std::string::npos) return {};
  return InvalidArgument("expected a text with {value} in it once");
}

Status ReadMember(const std::string& name, const v1::Value& value, FieldRoute* route) {
  if (name == "field") return ReadField(value, route);
  if (name == "template") return ReadTemplate(value, route);
  if (name == "default") {
    ASSIGN_OR_RETURN(route->fallback, NameOf(value));
    return {};
  }
  if (name != "values") return InvalidArgument("this means nothing in a route");
  ASSIGN_OR_RETURN(const Members* members, ObjectOf(value));
  for (const auto& [from, to] : *members) {
    auto target = NameOf(to);
    if (!target.ok()) return std::move(target).status().Under(from);
    route->values[from] = *std::move(target);
  }
  return {};
}

Result<FieldRoute> ReadFieldRoute(const Members& members) {
  FieldRoute route;
  for (const auto& [name, value] : members) {
    Status status = ReadMember(name, value, &route);
    if (!status.ok()) return std::move(status).Under(name);
  }
  if (route.field.empty()) return InvalidArgument("the route names no field").At("field");
  if (!route.values.empty() || !route.name_template.empty()) return route;
  return InvalidArgument("the route has neither values nor a template").At("values");
}

std::optional<std::string> AsText(const v1::Value& value) {
  switch (value.kind_case()) {
    case v1::Value::kStringValue: return value.string_value();
    case v1::Value::kIntValue: return std::to_string(value.int_value());
    case v1::Value::kUintValue: return std::to_string(value.uint_value());
    case v1::Value::kBoolValue: return value.bool_value() ? "true" : "false";
    default: return std::nullopt;
  }
}

std::optional<std::string> InMetadata(const Members& metadata, const std::vector<std::string>& path) {
  const Members* members = &metadata;
  for (size_t i = 0; i < path.size(); ++i) {
    const auto found = members->find(path[i]);
    if (found == members->end()) return std::nullopt;
    if (i + 1 == path.size()) return AsText(found->second);
    if (!found->second.has_object_value()) return std::nullopt;
    members = &found->second.object_value().members();
  }
  return std::nullopt;
}

// A message's own member of that name; nothing where it has none or it is empty.
std::optional<std::string> InMember(const google::protobuf::Message& message, const std::string& name) {
  const auto* field = message.GetDescriptor()->FindFieldByName(name);
  if (field == nullptr || field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_STRING) return std::nullopt;
  std::string value = message.GetReflection()->GetString(message, field);
  return value.empty() ? std::nullopt : std::optional<std::string>(std::move(value));
}

struct ValueOf {
  const FieldRoute& route;

  std::optional<std::string> operator()(const v1::Memory& memory) const {
    if (route.field != kSystem) return Of(memory);
    return memory.source().system().empty() ? std::nullopt : std::optional<std::string>(memory.source().system());
  }
  // What it was before it was deleted.
  std::optional<std::string> operator()(const Tombstone& tombstone) const {
    const v1::Memory& memory = tombstone.memory;
    auto value = (*this)(memory);
    for (int i = memory.history_size(); !value && i > 0; --i) value = (*this)(memory.history(i - 1).memory());
    return value;
  }
  // A node's kind is another thing than a memory's.
  std::optional<std::string> operator()(const v1::Edge& edge) const { return OfScopes(edge); }
  std::optional<std::string> operator()(const v1::Node& node) const { return OfScopes(node); }
  std::optional<std::string> operator()(const v1::Run& run) const { return OfScopes(run); }
  std::optional<std::string> operator()(const v1::NamespaceConfig&) const { return std::nullopt; }

  template <class Item>
  std::optional<std::string> OfScopes(const Item& item) const {
    return route.path.empty() && !route.field.ends_with("_id") ? std::nullopt : Of(item);
  }

  template <class Item>
  std::optional<std::string> Of(const Item& item) const {
    return route.path.empty() ? InMember(item, route.field) : InMetadata(item.metadata(), route.path);
  }
};

// "routed by user_id (1a2b3c4d)"
std::string FieldText(const FieldRoute& route) {
  std::string all = fmt::format("{}\n{}\n{}\n", route.field, route.name_template, route.fallback);
  for (const auto& [value, name] : route.values) all += fmt::format("{}={}\n", value, name);
  return fmt::format("routed by {} ({:08x})", route.field, HashBytes64(all) & 0xffffffff);
}

}  // namespace

bool FieldRoute::MayLeadTo(std::string_view name) const {
  if (name == fallback) return true;
  const auto leads = [name](const auto& entry) { return entry.second == name; };
  if (std::any_of(values.begin(), values.end(), leads)) return true;
  const size_t at = name_template.find(kValue);
  if (at == std::string::npos) return false;
  const std::string_view before = std::string_view(name_template).substr(0, at);
  const std::string_view after = std::string_view(name_template).substr(at + kValue.size());
  return name.size() > before.size() + after.size() && name.starts_with(before) && name.ends_with(after);
}

std::string RecordRoute::Text() const {
  std::string text;
  if (tenant) text = "to tenants " + FieldText(*tenant);
  if (space) text += (text.empty() ? "" : ", ") + FieldText(*space);
  return text;
}

Result<std::optional<RecordRoute>> ParseRoute(std::string_view mapping) {
  v1::Value root;
  RETURN_IF_ERROR(ParseJson(mapping, &root));
  ASSIGN_OR_RETURN(const Members* members, ObjectOf(root));
  const auto found = members->find("route");
  if (found == members->end()) return std::optional<RecordRoute>();
  auto parts = ObjectOf(found->second);
  if (!parts.ok()) return std::move(parts).status().At("route");
  RecordRoute route;
  for (const auto& [name, value] : **parts) {
    const std::string place = "route." + name;
    if (name != "namespace" && name != "tenant") return InvalidArgument("this means nothing in a route").At(place);
    auto inner = ObjectOf(value);
    if (!inner.ok()) return std::move(inner).status().At(place);
    auto read = ReadFieldRoute(**inner);
    if (!read.ok()) return std::move(read).status().Under(place);
    (name == "tenant" ? route.tenant : route.space) = *std::move(read);
  }
  if (route.tenant || route.space) return std::optional<RecordRoute>(std::move(route));
  return InvalidArgument("the route says nothing of a namespace or a tenant").At("route.namespace");
}

Result<std::optional<RecordRoute>> ReadRouteFile(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string json, FileSystem::Posix().ReadFile(path));
  auto route = ParseRoute(json);
  if (route.ok()) return route;
  const Status& status = route.status();
  Status named(status.code(), fmt::format("{}: {}", path, status.message()));
  if (!status.field().empty()) named = std::move(named).At(status.field());
  return named;
}

bool IsRouteAlone(std::string_view mapping) {
  v1::Value root;
  if (!ParseJson(mapping, &root).ok() || !root.has_object_value()) return false;
  const Members& members = root.object_value().members();
  return members.size() == 1 && members.contains("route");
}

std::optional<std::string> RouteValue(const FieldRoute& route, const RecordItem& item) {
  return std::visit(ValueOf{route}, item);
}

Result<std::optional<std::string>> NameFor(const FieldRoute& route, const std::string& value) {
  const auto known = route.values.find(value);
  if (known != route.values.end()) return std::optional<std::string>(known->second);
  if (route.name_template.empty()) return std::optional<std::string>();
  std::string name = route.name_template;
  name.replace(name.find(kValue), kValue.size(), value);
  if (Status status = CheckName("the name", name); !status.ok()) {
    return InvalidArgument(fmt::format("{} is \"{}\": {}", route.field, value, status.message())).At(route.field);
  }
  return std::optional<std::string>(std::move(name));
}

}  // namespace engram
