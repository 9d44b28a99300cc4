// What a ranking is worth, as the literature counts it. Pure functions; relevance is yes or no.
#pragma once

#include <array>
#include <cstddef>
#include <set>
#include <string_view>
#include <vector>

namespace engram::quality {

// Never reordered: MetricName and QueryFigures go by place.
enum class Metric { kRecall10, kRecall100, kMrr, kMap, kNdcg10, kPrecision30 };
constexpr size_t kMetrics = 6;

// "R@10", "R@100", "MRR", "MAP", "nDCG@10", "P@30".
std::string_view MetricName(Metric metric);

using QueryFigures = std::array<double, kMetrics>;

// `ranked` holds row numbers, best first. MRR and MAP look at all of it. nDCG is binary (Järvelin & Kekäläinen
// 2002): gain 1, discount log2(rank + 1), against the best possible order. REQUIRES: `relevant` isn't empty.
QueryFigures Judge(const std::vector<size_t>& ranked, const std::set<size_t>& relevant);

// The mean over queries; all 0 without any.
QueryFigures Mean(const std::vector<QueryFigures>& queries);

inline double Of(const QueryFigures& figures, Metric metric) { return figures[static_cast<size_t>(metric)]; }

}  // namespace engram::quality
