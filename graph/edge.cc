#include "graph/edge.h"

#include "base/coding.h"
#include "base/hash.h"

namespace engram {

bool ValidAt(const Edge& edge, Timestamp time) {
  if (edge.valid_from && time < *edge.valid_from) return false;
  return !edge.valid_to || time < *edge.valid_to;
}

bool HoldsAt(const Edge& edge, Timestamp time) {
  const bool known = edge.recorded <= time && (!edge.retired || time < *edge.retired);
  return known && ValidAt(edge, time);
}

// Every part carries its length: ("ab", "c") and ("a", "bc") are two edges.
std::string DefaultEdgeId(const Scopes& scopes, std::string_view source_id, std::string_view type,
                          std::string_view target_id) {
  std::string bytes;
  AppendString(&bytes, scopes.user_id);
  AppendString(&bytes, scopes.agent_id);
  AppendString(&bytes, scopes.run_id);
  AppendString(&bytes, scopes.app_id);
  AppendString(&bytes, scopes.actor_id);
  AppendString(&bytes, source_id);
  AppendString(&bytes, type);
  AppendString(&bytes, target_id);
  return HashBytes128(bytes).ToHex();
}

}  // namespace engram
