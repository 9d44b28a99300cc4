// Field names: which there are, and how keys of metadata become paths.
//
// path := "metadata." key ("." key)*, where "." and "\" inside a key are written "\." and "\\". A
// backslash before anything else stands for itself.
#include <algorithm>
#include <array>

#include "index/attribute/filter.h"

namespace engram {
namespace {

constexpr std::string_view kMetadataPrefix = "metadata.";

constexpr std::array<std::string_view, 4> kTimeFields = {"created_at", "updated_at", "event_time", "expires_at"};
constexpr std::array<std::string_view, 15> kOtherFields = {
    "user_id", "agent_id",      "run_id",    "app_id",         "actor_id",     "kind",       "role",  "state",
    "id",      "source.system", "source.id", "source.version", "source.batch", "importance", "pinned"};

template <size_t kSize>
bool Holds(const std::array<std::string_view, kSize>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void AppendEscaped(char c, std::string* path) {
  if (c == '.' || c == '\\') *path += '\\';
  *path += c;
}

void Flatten(const Value::Object& object, const std::string& prefix, AttributeFields* fields) {
  for (const auto& [key, value] : object) {
    if (value.is_null()) continue;
    std::string path = prefix;
    for (const char c : key) AppendEscaped(c, &path);
    if (value.kind() == Value::Kind::kObject) {
      Flatten(value.as_object(), path + '.', fields);
    } else {
      fields->emplace_back(std::move(path), value);
    }
  }
}

}  // namespace

bool IsTimeField(std::string_view field) { return Holds(kTimeFields, field); }

bool IsFilterField(std::string_view field) {
  return IsTimeField(field) || Holds(kOtherFields, field) || field.starts_with(kMetadataPrefix);
}

std::string CanonicalField(std::string_view field) {
  if (!field.starts_with(kMetadataPrefix)) return std::string(field);
  std::string path(kMetadataPrefix);
  for (size_t i = kMetadataPrefix.size(); i < field.size(); ++i) {
    const bool escape = field[i] == '\\' && i + 1 < field.size() && (field[i + 1] == '.' || field[i + 1] == '\\');
    if (escape) {
      AppendEscaped(field[++i], &path);
    } else if (field[i] == '.') {
      path += '.';
    } else {
      AppendEscaped(field[i], &path);
    }
  }
  return path;
}

void FlattenMetadata(const Value::Object& metadata, AttributeFields* fields) {
  Flatten(metadata, std::string(kMetadataPrefix), fields);
}

}  // namespace engram
