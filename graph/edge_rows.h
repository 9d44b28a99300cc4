// The rows an edge version stands in, and how to read them back. The byte grammar is in edge_rows.cc.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/kv.h"
#include "base/status.h"
#include "graph/edge.h"

namespace engram {

// Stored in keys; never renumber.
enum class EdgeState : uint8_t { kCurrent = 0, kRetired = 1 };

// Everything before the part of a key that orders an edge among its neighbours.
std::string EdgesByIdPrefix(EdgeState state);
std::string EdgesFromPrefix(NodeNumber source, EdgeState state);
std::string EdgesToPrefix(NodeNumber target, EdgeState state);
std::string EdgesBroughtPrefix(NodeNumber memory, EdgeState state);

std::string CurrentEdgeKey(std::string_view id);
// Keys of the retired versions of `id` in order of versions; the version is the last 8 bytes.
std::string RetiredEdgesPrefix(std::string_view id);

// All rows of one version; `edge.retired` says which state they are in.
void PutEdgeRows(const Edge& edge, KvBatch& batch);
void DeleteEdgeRows(const Edge& edge, KvBatch& batch);

// The version that a row by id or by an end speaks of. Fetches what the row leaves out.
Status ReadEdgeRow(const KvReader& reader, std::string_view value, Edge* edge);

}  // namespace engram
