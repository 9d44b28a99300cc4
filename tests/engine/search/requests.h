// Shorthand for search requests and what comes back.
#pragma once

#include <string>
#include <vector>

#include "engine/search.h"

namespace engram::search {

inline LegRequest TextLegOf(std::string text, std::string name = "text") {
  LegRequest leg;
  leg.name = std::move(name);
  leg.type = LegType::kText;
  leg.text = std::move(text);
  return leg;
}

inline LegRequest VectorLegOf(std::vector<float> vector, std::string name = "vector") {
  LegRequest leg;
  leg.name = std::move(name);
  leg.type = LegType::kVector;
  leg.vector = std::move(vector);
  return leg;
}

inline LegRequest GraphLegOf(std::vector<std::string> seeds, std::string name = "graph") {
  LegRequest leg;
  leg.name = std::move(name);
  leg.type = LegType::kGraph;
  leg.graph.seeds = std::move(seeds);
  return leg;
}

inline SearchRequest RequestOf(std::vector<LegRequest> legs) {
  SearchRequest request;
  request.legs = std::move(legs);
  request.explain = true;
  return request;
}

inline std::vector<std::string> Ids(const SearchReply& reply) {
  std::vector<std::string> ids;
  for (const SearchHit& hit : reply.hits) ids.push_back(hit.id);
  return ids;
}

}  // namespace engram::search
