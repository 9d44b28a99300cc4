// Edges, nodes and walks between wire and engine.
#pragma once

#include <string>

#include "base/status.h"
#include "engine/engine.h"
#include "engram/v1/graph.pb.h"
#include "server/handlers/convert_filter.h"
#include "server/request_limits.h"

namespace engram {

// `field()` of an error is the path inside the message.
// `may_import`: times of record are stored as given.
Result<WriteEdge> ToWriteEdge(const v1::Edge& edge, const RequestLimits& limits, bool may_import);
Result<WriteNode> ToWriteNode(const v1::Node& node, const RequestLimits& limits, bool may_import);

// Limits and cursors of lists are the caller's (paging.h).
Result<EdgeListQuery> ToEdgeListQuery(const v1::ListEdgesRequest& request, const RequestLimits& limits);
Result<WalkRequest> ToWalk(const v1::ExpandRequest& request, const RequestLimits& limits);
Result<WalkRequest> ToWalk(const v1::PathRequest& request, const RequestLimits& limits);
Result<WalkRequest> ToWalk(const v1::RankRequest& request, const RequestLimits& limits);

void FromEdge(const NamedEdge& edge, v1::Edge* out);
void FromNode(const NodeView& node, v1::Node* out);
void FromNode(const Node& node, v1::Node* out);  // without degrees

// Shared with the graph leg of a search. `field()` is "seeds[2]", "types[0]" or `field`.
Result<std::vector<std::string>> ToSeeds(const ProtoStrings& ids, const RequestLimits& limits);
Result<std::vector<std::string>> ToTypes(const ProtoStrings& types, const RequestLimits& limits);
Result<uint32_t> ToHops(uint32_t hops, const char* field);

}  // namespace engram
