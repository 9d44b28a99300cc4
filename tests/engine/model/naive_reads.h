// Lists, counts, facets and walks over a twin.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "tests/engine/model/twin_state.h"

namespace engram::model {

// What a filter finds at `now`; only active memories unless it names the state, or `any_state`.
std::vector<std::string> NaiveMatches(const TwinState& state, Timestamp now, const Filter* filter,
                                      bool any_state = false);

// What an erase by filter reaches besides: deleted or due, as it last was, unless history was trimmed.
std::vector<std::string> NaiveAbsentMatches(const TwinState& state, Timestamp now, const Filter& filter);
// The ids in the order of a list.
std::vector<std::string> NaiveOrder(const TwinState& state, std::vector<std::string> ids, const std::string& order_by,
                                    bool descending);

// A facet's value as text; 2 and 2.0 are one value.
std::string FacetKey(const Value& value);

// Values (by FacetKey) with counts.
std::map<std::string, uint64_t> NaiveFacet(const TwinState& state, const std::vector<std::string>& ids,
                                           const std::string& field);

struct NaiveExpansion {
  std::map<std::string, uint32_t> nodes;  // with distance
  std::set<std::string> edges;            // ids
};
NaiveExpansion NaiveExpand(const TwinState& state, const WalkRequest& request, Timestamp now);

// Of the cheapest path from the one seed to the target in at most `hops` steps.
std::optional<double> NaivePathCost(const TwinState& state, const WalkRequest& request, Timestamp now);

// Current edges as the engine lists them: at a node, in a direction, of types, matching a filter over edges.
std::set<std::string> NaiveEdges(const TwinState& state, const EdgeListQuery& query, Timestamp now);

}  // namespace engram::model
