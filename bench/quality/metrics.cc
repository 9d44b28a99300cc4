#include "bench/quality/metrics.h"

#include <algorithm>
#include <cmath>

namespace engram::quality {
namespace {

double HitsAmong(const std::vector<size_t>& ranked, const std::set<size_t>& relevant, size_t k) {
  const auto end = ranked.begin() + static_cast<ptrdiff_t>(std::min(k, ranked.size()));
  return static_cast<double>(std::count_if(ranked.begin(), end, [&](size_t row) { return relevant.contains(row); }));
}

double ReciprocalRank(const std::vector<size_t>& ranked, const std::set<size_t>& relevant) {
  for (size_t i = 0; i < ranked.size(); ++i) {
    if (relevant.contains(ranked[i])) return 1.0 / static_cast<double>(i + 1);
  }
  return 0;
}

double AveragePrecision(const std::vector<size_t>& ranked, const std::set<size_t>& relevant) {
  double sum = 0;
  double hits = 0;
  for (size_t i = 0; i < ranked.size(); ++i) {
    if (!relevant.contains(ranked[i])) continue;
    ++hits;
    sum += hits / static_cast<double>(i + 1);
  }
  return sum / static_cast<double>(relevant.size());
}

double Ndcg(const std::vector<size_t>& ranked, const std::set<size_t>& relevant, size_t k) {
  double gain = 0;
  double ideal = 0;
  for (size_t i = 0; i < k; ++i) {
    const double discounted = 1 / std::log2(static_cast<double>(i + 2));
    if (i < relevant.size()) ideal += discounted;
    if (i < ranked.size() && relevant.contains(ranked[i])) gain += discounted;
  }
  return gain / ideal;
}

}  // namespace

std::string_view MetricName(Metric metric) {
  constexpr std::array<std::string_view, kMetrics> kNames = {"R@10", "R@100", "MRR", "MAP", "nDCG@10", "P@30"};
  return kNames[static_cast<size_t>(metric)];
}

QueryFigures Judge(const std::vector<size_t>& ranked, const std::set<size_t>& relevant) {
  const auto wanted = static_cast<double>(relevant.size());
  return {HitsAmong(ranked, relevant, 10) / wanted,
          HitsAmong(ranked, relevant, 100) / wanted,
          ReciprocalRank(ranked, relevant),
          AveragePrecision(ranked, relevant),
          Ndcg(ranked, relevant, 10),
          HitsAmong(ranked, relevant, 30) / 30};
}

QueryFigures Mean(const std::vector<QueryFigures>& queries) {
  QueryFigures mean{};
  for (const QueryFigures& query : queries) {
    for (size_t i = 0; i < kMetrics; ++i) mean[i] += query[i] / static_cast<double>(queries.size());
  }
  return mean;
}

}  // namespace engram::quality
