// Searches between wire and engine.
#pragma once

#include "base/status.h"
#include "engine/search.h"
#include "engram/v1/search.pb.h"
#include "server/request_limits.h"

namespace engram {

// The short form becomes legs called "text", "vector" and "graph". Everything but min_position and timeout_ms is
// read and checked. `field()` of an error is the path inside the request.
Result<SearchRequest> ToSearchRequest(const v1::SearchRequest& request, const RequestLimits& limits);

// The legs alone: of the general form if it is used, of the short form otherwise.
Result<std::vector<LegRequest>> ToLegs(const v1::SearchRequest& request, const RequestLimits& limits);

// Everything but `position`.
void FromSearchReply(const SearchReply& reply, const Include& include, v1::SearchReply* out);

}  // namespace engram
