#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "engine/search.h"

namespace engram {
namespace {

// Attributes come together: naming one names them all.
constexpr std::array<std::string_view, 22> kAttributes = {
    "attributes", "user_id", "agent_id",   "run_id",     "app_id",      "actor_id",     "role",
    "kind",       "state",   "event_time", "expires_at", "ttl_seconds", "importance",   "refresh_ttl_on_read",
    "pinned",     "source",  "created_at", "updated_at", "hash",        "access_count", "last_accessed_at",
    "feedback"};

Include Nothing() { return {.text = false, .fields = false, .vectors = false, .metadata = false, .attributes = false}; }

bool Add(std::string_view name, Include* include) {
  if (name == "none" || name == "id" || name == "version") return true;  // these two are always there
  if (name == "all") {
    *include = {.text = true, .fields = true, .vectors = true, .metadata = true, .attributes = true};
  } else if (name == "text") {
    include->text = true;
  } else if (name == "fields") {
    include->fields = true;
  } else if (name == "vector" || name == "vectors") {
    include->vectors = true;
  } else if (name == "metadata") {
    include->metadata = true;
  } else if (std::find(kAttributes.begin(), kAttributes.end(), name) != kAttributes.end()) {
    include->attributes = true;
  } else {
    return false;
  }
  return true;
}

}  // namespace

Result<Include> ParseInclude(const std::vector<std::string>& names) {
  if (names.empty()) return Include();
  Include include = Nothing();
  for (const std::string& name : names) {
    if (Add(name, &include)) continue;
    return InvalidArgument(
        fmt::format("include knows no \"{}\": it takes text, fields, vector, vectors, metadata, "
                    "attributes (or one of them), all, none",
                    name));
  }
  return include;
}

}  // namespace engram
