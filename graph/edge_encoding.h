// The record of an edge version as bytes, whole or without its metadata. EncodeEdge and DecodeEdge
// (edge_store.h) are the whole form.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "graph/edge.h"

namespace engram {

enum class EdgeMetadata : bool { kElsewhere, kHere };

// REQUIRES: ValueDepth(edge.metadata) <= kValueDepthMax.
std::string EncodeEdgeRecord(const Edge& edge, EdgeMetadata metadata);

// Sets every field of `edge`. kElsewhere when the record was written without its metadata; `edge` then has none.
Result<EdgeMetadata> DecodeEdgeRecord(std::string_view bytes, Edge* edge);

}  // namespace engram
