// Directed, typed, weighted, bi-temporal edges between the nodes of one namespace.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/scopes.h"
#include "base/timestamp.h"
#include "base/value.h"

namespace engram {

struct Edge {
  // Identity. Writing an id again retires the old version; many facts between one pair are many ids.
  std::string id;
  Version version;  // from 1, set by the store
  NodeNumber source;
  NodeNumber target;
  std::string type;
  double weight = 1;  // finite and >= 0; the cost of a step is 1 / weight on shortest paths
  Value::Object metadata;
  Scopes scopes;
  // The memory that brought it, if any: deleting that memory retires the edge.
  std::optional<NodeNumber> memory;

  // When it holds in the world: [valid_from, valid_to).
  std::optional<Timestamp> valid_from;
  std::optional<Timestamp> valid_to;
  // When this version was known to the store: [recorded, retired).
  Timestamp recorded;
  std::optional<Timestamp> retired;

  bool operator==(const Edge&) const = default;
};

enum class Direction : uint8_t { kOut, kIn, kBoth };

// valid_from <= time < valid_to, whatever the store knew.
bool ValidAt(const Edge& edge, Timestamp time);
// Valid and known at `time`.
bool HoldsAt(const Edge& edge, Timestamp time);

// The default id: 32 hexadecimal digits, a hash of scopes, source id, type and target id.
std::string DefaultEdgeId(const Scopes& scopes, std::string_view source_id, std::string_view type,
                          std::string_view target_id);

}  // namespace engram
