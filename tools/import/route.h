// Where the records of a source go, when not all go to one namespace. A user writes it down in the mapping file:
//
//   {"route": {"tenant":    {"field": "metadata.org", "template": "org-{value}"},
//              "namespace": {"field": "metadata.team",
//                            "values": {"red": "team-red", "blue": "team-blue"},   value -> namespace
//                            "template": "team-{value}",                           for all other values
//                            "default": "rest"}}}                                  for records with no other place
//
// Both have the same members, and one of them is there, or both. `field` is a scope (user_id, agent_id, run_id, app_id,
// actor_id), role, kind, state, source.system or a path into the metadata ("metadata.org.team"); its value a text, a
// whole number or a bool. One of `values` and `template` is there, or both.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tools/import/source.h"

namespace engram {

// A name, of a namespace or of a tenant, by a field of the record.
struct FieldRoute {
  std::string field;
  std::vector<std::string> path;  // of the field inside the metadata; empty: another field
  std::map<std::string, std::string> values;
  std::string name_template;  // with one "{value}"
  std::string fallback;       // empty: a record without a place is rejected

  // Whether any value of the field leads to this name.
  bool MayLeadTo(std::string_view name) const;
};

struct RecordRoute {
  std::optional<FieldRoute> tenant;  // nothing: the one that the command's key is for
  std::optional<FieldRoute> space;   // nothing: `namespace_name` of each tenant
  std::string namespace_name;

  // The same for the same route: tells a mapping that was changed from the one that an import began with.
  std::string Text() const;
};

// Nothing when the mapping has no "route". InvalidArgument with the place of what is unknown or of the wrong type.
Result<std::optional<RecordRoute>> ParseRoute(std::string_view mapping);
// The same of a file; the error names it.
Result<std::optional<RecordRoute>> ReadRouteFile(const std::string& path);

// Whether the mapping, a JSON object, says nothing else.
bool IsRouteAlone(std::string_view mapping);

// The value of the route's field in this record, as text; nothing when it has none.
std::optional<std::string> RouteValue(const FieldRoute& route, const RecordItem& item);

// Where that value leads; the fallback aside. InvalidArgument when nothing can be called so.
Result<std::optional<std::string>> NameFor(const FieldRoute& route, const std::string& value);

}  // namespace engram
