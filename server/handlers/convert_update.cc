#include "server/handlers/convert_update.h"

#include <map>
#include <memory>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "server/handlers/convert_memory.h"
#include "server/handlers/convert_value.h"

namespace engram {
namespace {

enum class Kind { kString, kTime, kState, kImportance, kBool, kAnything };

const std::map<std::string_view, Kind>& FixedPaths() {
  static const std::map<std::string_view, Kind> paths = {
      {"role", Kind::kString},      {"kind", Kind::kString},         {"source.system", Kind::kString},
      {"source.id", Kind::kString}, {"source.batch", Kind::kString}, {"state", Kind::kState},
      {"event_time", Kind::kTime},  {"expires_at", Kind::kTime},     {"importance", Kind::kImportance},
      {"pinned", Kind::kBool},
  };
  return paths;
}

bool IsScope(std::string_view path) {
  return path == "user_id" || path == "agent_id" || path == "run_id" || path == "app_id" || path == "actor_id";
}

Result<Kind> KindOf(const std::string& path) {
  constexpr std::string_view kMetadata = "metadata.";
  if (path.compare(0, kMetadata.size(), kMetadata) == 0 && IsFilterField(path)) return Kind::kAnything;
  const auto found = FixedPaths().find(path);
  if (found != FixedPaths().end()) return found->second;
  if (IsScope(path)) return InvalidArgument("scopes can't change");
  return InvalidArgument(
      fmt::format("\"{}\" can't be changed: use metadata.<path>, role, kind, state, source.system, source.id, "
                  "source.batch, event_time, expires_at, importance or pinned",
                  path));
}

Status CheckString(const Value& value, const RequestLimits& limits) {
  if (value.kind() != Value::Kind::kString) return InvalidArgument("must be a string");
  return CheckLabel("", value.as_string(), limits.label_bytes);
}

Status CheckImportanceValue(const Value& value) {
  if (!value.is_number()) return InvalidArgument("must be a number");
  if (value.kind() == Value::Kind::kDouble) return CheckImportance(value.as_double());
  return CheckImportance(value == Value(0) || value == Value(1) ? 0 : 2);
}

Status CheckValue(Kind kind, const Value& value, const RequestLimits& limits) {
  // Null removes; the state and `pinned` always have a value.
  if (value.is_null() && kind != Kind::kState && kind != Kind::kBool) return Status::Ok();
  switch (kind) {
    case Kind::kAnything: return Status::Ok();
    case Kind::kString: return CheckString(value, limits);
    case Kind::kTime:
      if (value.kind() != Value::Kind::kString) return InvalidArgument("must be an RFC 3339 time");
      return ParseRfc3339(value.as_string()).status();
    case Kind::kState: {
      const bool named = value.kind() == Value::Kind::kString && !value.as_string().empty();
      return named ? ToMemoryState(value.as_string()).status() : InvalidArgument("must be active, archived or paused");
    }
    case Kind::kImportance: return CheckImportanceValue(value);
    case Kind::kBool:
      return value.kind() == Value::Kind::kBool ? Status::Ok() : InvalidArgument("must be true or false");
  }
  return Status::Ok();
}

Status AddSet(const std::string& path, const v1::Value& given, const RequestLimits& limits, AttributeChange* update) {
  ASSIGN_OR_RETURN(const Kind kind, KindOf(path));
  ASSIGN_OR_RETURN(Value value, ToValue(given));
  RETURN_IF_ERROR(CheckValue(kind, value, limits));
  update->set.emplace_back(path, std::move(value));
  return Status::Ok();
}

Status CheckUnset(const std::string& path, std::set<std::string>* paths) {
  ASSIGN_OR_RETURN(const Kind kind, KindOf(path));
  if (kind == Kind::kState || kind == Kind::kBool) return InvalidArgument(fmt::format("{} always has a value", path));
  if (paths->insert(path).second) return Status::Ok();
  return InvalidArgument(fmt::format("\"{}\" comes twice", path));
}

}  // namespace

Result<UpdateMemory> ToUpdateMemory(const v1::UpdateRequest& request, const RequestLimits& limits) {
  AttributeChange update;
  std::set<std::string> paths;
  const std::map<std::string, v1::Value> in_order(request.set().begin(), request.set().end());
  for (const auto& [path, value] : in_order) {
    Status status = AddSet(path, value, limits, &update);
    if (!status.ok()) return std::move(status).At("set." + path);
    paths.insert(path);
  }
  for (int i = 0; i < request.unset_size(); ++i) {
    Status status = CheckUnset(request.unset(i), &paths);
    if (!status.ok()) return std::move(status).At(fmt::format("unset[{}]", i));
    update.unset.push_back(request.unset(i));
  }
  if (request.has_replace_metadata() || request.replace_metadata_size() != 0) {
    Result<Value::Object> metadata = ToObject(request.replace_metadata());
    if (!metadata.ok()) return std::move(metadata).status().Under("replace_metadata");
    update.replace_metadata = *std::move(metadata);
  }
  if (update.set.empty() && update.unset.empty() && !update.replace_metadata) {
    return InvalidArgument("nothing to change: give set, unset or replace_metadata").At("set");
  }
  return UpdateMemory{"", nullptr, std::make_shared<const AttributeChange>(std::move(update))};
}

}  // namespace engram
