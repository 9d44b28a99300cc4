// Where the records of a source go, when not all go to one namespace. A user writes it down in the mapping file:
//
//   {"route": {"namespace": {"field": "metadata.team",
//                            "values": {"red": "team-red", "blue": "team-blue"},   value -> namespace
//                            "template": "team-{value}",                           for all other values
//                            "default": "rest"}}}                                  for records with no other place
//
// `field` is a scope (user_id, agent_id, run_id, app_id, actor_id), role, kind, state, source.system or a path into the
// metadata ("metadata.org.team"); its value a text, a whole number or a bool. One of `values` and `template` is there,
// or both. A namespace per record is all that can be said today: a key reaches one tenant alone, so that "tenant" is an
// error of its own.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tools/import/source.h"

namespace engram {

struct NamespaceRoute {
  std::string field;
  std::vector<std::string> path;  // of the field inside the metadata; empty: another field
  std::map<std::string, std::string> values;
  std::string name_template;  // with one "{value}"
  std::string fallback;       // empty: a record without a place is rejected

  // The same for the same route: tells a mapping that was changed from the one that an import began with.
  std::string Text() const;
};

// Nothing when the mapping has no "route". InvalidArgument with the place of what is unknown or of the wrong type.
Result<std::optional<NamespaceRoute>> ParseRoute(std::string_view mapping);

// Whether the mapping, a JSON object, says nothing else.
bool IsRouteAlone(std::string_view mapping);

// The value of the route's field in this record, as text; nothing when it has none.
std::optional<std::string> RouteValue(const NamespaceRoute& route, const RecordItem& item);

// Where that value leads; the fallback aside. InvalidArgument when no namespace can be called so.
Result<std::optional<std::string>> NamespaceFor(const NamespaceRoute& route, const std::string& value);

}  // namespace engram
