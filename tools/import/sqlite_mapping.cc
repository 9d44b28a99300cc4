#include "tools/import/sqlite_mapping.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/file.h"

namespace engram {
namespace {

using Members = google::protobuf::Map<std::string, v1::Value>;

constexpr const char* kTexts[] = {"text",     "role",   "kind",   "state",   "user_id",
                                  "agent_id", "run_id", "app_id", "actor_id"};
constexpr const char* kOthers[] = {"created_at", "updated_at", "event_time", "expires_at", "importance", "pinned"};

bool IsText(const std::string& name) {
  return std::any_of(std::begin(kTexts), std::end(kTexts), [&](const char* part) { return name == part; });
}

bool IsPart(const std::string& name) {
  return IsText(name) ||
         std::any_of(std::begin(kOthers), std::end(kOthers), [&](const char* part) { return name == part; });
}

Result<std::string> TextOf(const v1::Value& value) {
  if (value.has_string_value() && !value.string_value().empty()) return value.string_value();
  return InvalidArgument("expected the name of a column");
}

Result<const Members*> ObjectOf(const v1::Value& value) {
  if (value.has_object_value()) return &value.object_value().members();
  return InvalidArgument("expected an object");
}

Status Unknown(const std::string& name) {
  return InvalidArgument(fmt::format("\"{}\" means nothing here", name)).At(name);
}

Status ReadNames(const Members& members, std::map<std::string, std::string>* out) {
  for (const auto& [name, value] : members) {
    auto text = TextOf(value);
    if (!text.ok()) return std::move(text).status().At(name);
    out->emplace(name, *std::move(text));
  }
  return {};
}

Result<SqliteMapping::MetadataColumn> ReadMetadata(const v1::Value& value) {
  if (!value.has_object_value()) {
    ASSIGN_OR_RETURN(std::string column, TextOf(value));
    return SqliteMapping::MetadataColumn{std::move(column), false};
  }
  const Members& members = value.object_value().members();
  if (members.size() != 1 || !members.contains("json")) {
    return InvalidArgument("expected the name of a column or {\"json\": its name}");
  }
  ASSIGN_OR_RETURN(std::string column, TextOf(members.at("json")));
  return SqliteMapping::MetadataColumn{std::move(column), true};
}

Result<VectorFormat> ToFormat(const std::string& name) {
  if (name == "f32") return VectorFormat::kF32;
  if (name == "f64") return VectorFormat::kF64;
  if (name == "json") return VectorFormat::kJson;
  return InvalidArgument(fmt::format("format \"{}\" is none of f32, f64, json", name)).At("format");
}

Result<v1::Metric> ToMetric(const std::string& name) {
  if (name == "cosine") return v1::METRIC_COSINE;
  if (name == "dot") return v1::METRIC_DOT;
  if (name == "l2") return v1::METRIC_L2;
  return InvalidArgument(fmt::format("metric \"{}\" is none of cosine, dot, l2", name)).At("metric");
}

Result<SqliteMapping::VectorColumn> ReadVector(const v1::Value& value) {
  ASSIGN_OR_RETURN(const Members* members, ObjectOf(value));
  SqliteMapping::VectorColumn vector;
  for (const auto& [name, member] : *members) {
    auto text = TextOf(member);
    if (!text.ok()) return std::move(text).status().At(name);
    if (name == "column") {
      vector.column = *text;
    } else if (name == "sqlite_vec") {
      vector.sqlite_vec = *text;
    } else if (name == "format") {
      ASSIGN_OR_RETURN(vector.format, ToFormat(*text));
    } else if (name == "metric") {
      ASSIGN_OR_RETURN(vector.metric, ToMetric(*text));
    } else {
      return Unknown(name);
    }
  }
  if (vector.column.empty() && vector.sqlite_vec.empty()) return InvalidArgument("the column is missing").At("column");
  return vector;
}

Status ReadMember(const std::string& name, const v1::Value& value, SqliteMapping* mapping) {
  if (name == "table" || name == "id" || name == "metadata_object") {
    ASSIGN_OR_RETURN(const std::string text, TextOf(value));
    (name == "table" ? mapping->table : name == "id" ? mapping->id : mapping->metadata_object) = text;
    return {};
  }
  if (IsPart(name)) {
    ASSIGN_OR_RETURN(mapping->parts[name], TextOf(value));
    return {};
  }
  if (name != "fields" && name != "constants" && name != "metadata" && name != "vectors") {
    return InvalidArgument("this means nothing in a mapping");
  }
  ASSIGN_OR_RETURN(const Members* members, ObjectOf(value));
  if (name == "fields") return ReadNames(*members, &mapping->fields);
  if (name == "constants") {
    RETURN_IF_ERROR(ReadNames(*members, &mapping->constants));
    for (const auto& [part, constant] : mapping->constants) {
      if (!IsText(part)) return Unknown(part);
    }
    return {};
  }
  for (const auto& [inner, member] : *members) {
    Status status;
    if (name == "metadata") {
      auto column = ReadMetadata(member);
      status = column.status();
      if (status.ok()) mapping->metadata[inner] = *std::move(column);
    } else {
      auto vector = ReadVector(member);
      status = vector.status();
      if (status.ok()) mapping->vectors[inner] = *std::move(vector);
    }
    if (!status.ok()) return std::move(status).Under(inner);
  }
  return {};
}

}  // namespace

Result<SqliteMapping> ParseSqliteMapping(std::string_view json) {
  v1::Value root;
  RETURN_IF_ERROR(ParseJson(json, &root));
  ASSIGN_OR_RETURN(const Members* members, ObjectOf(root));
  SqliteMapping mapping;
  for (const auto& [name, value] : *members) {
    if (name == "route") continue;  // route.h's
    Status status = ReadMember(name, value, &mapping);
    if (!status.ok()) return std::move(status).Under(name);
  }
  if (mapping.table.empty()) return InvalidArgument("the mapping names no table").At("table");
  for (const auto& [part, constant] : mapping.constants) {
    if (mapping.parts.count(part) != 0) return InvalidArgument("both a column and a constant").At("constants." + part);
  }
  return mapping;
}

Result<SqliteMapping> ReadSqliteMapping(const std::string& path) {
  ASSIGN_OR_RETURN(const std::string json, FileSystem::Posix().ReadFile(path));
  auto mapping = ParseSqliteMapping(json);
  if (mapping.ok()) return mapping;
  Status status(mapping.status().code(), fmt::format("{}: {}", path, mapping.status().message()));
  return mapping.status().field().empty() ? std::move(status) : std::move(status).At(mapping.status().field());
}

}  // namespace engram
