// What is added to fused scores, as asked for:
//
//   final = fused
//         + sum over neighbours in the same run of context.weight / distance * fused(neighbour)
//         + feedback_weight * (helpful - harmful) / (helpful + harmful + used + 1)
//         + importance_weight * importance                      0 where there is none
//         + recency.weight * 2^(-age / half-life)               0 where the time field is missing
//
// added in this order, the one of Explanation::adjust. Neighbours count as far as they are candidates. An age is
// never negative.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/search/candidates.h"

namespace engram::search {

// By candidate: each adjustment that was asked for, by its name.
using Adjustments = std::vector<std::map<std::string, double>>;

// The run neighbours of each candidate that are candidates too, as (place, distance).
using Neighborhood = std::vector<std::vector<std::pair<size_t, uint32_t>>>;

// `fused` by candidate. An empty neighbourhood means no context.
Adjustments Adjust(const SearchRequest& request, const CandidateSet& candidates, const std::vector<double>& fused,
                   const Neighborhood& neighborhood, const SearchSource& source, const IndexView& view,
                   CandidateRows* rows);

// weight * 2^(-age / half_life), with an age below 0 taken as 0.
double RecencyShare(const RecencyOptions& recency, Timestamp time, Timestamp now);

// fused + the adjustments in name order.
double FinalScore(double fused, const std::map<std::string, double>& adjustments);

}  // namespace engram::search
