// Every fusion method as its formula reads, one candidate at a time: slow, plain, and nothing shared with the engine.
#pragma once

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "engine/search/fusion/columns.h"

namespace engram::search {

inline std::vector<double> Present(const Scores& scores) {
  std::vector<double> present;
  for (const auto& score : scores) {
    if (score) present.push_back(*score);
  }
  return present;
}

inline double Mean(const std::vector<double>& v) {
  return std::accumulate(v.begin(), v.end(), 0.0) / static_cast<double>(v.size());
}

inline double Deviation(const std::vector<double>& v, double less) {
  double squares = 0;
  for (const double x : v) squares += std::pow(x - Mean(v), 2);
  return std::sqrt(squares / (static_cast<double>(v.size()) - less));
}

inline bool Constant(const std::vector<double>& v) {
  return *std::max_element(v.begin(), v.end()) == *std::min_element(v.begin(), v.end());
}

inline double LiteralNormalized(FusionMethod method, const LegColumn& column, size_t i) {
  std::vector<double> v = Present(column.scores);
  std::optional<double> s = column.scores[i];
  const double rank = column.ranks[i].value_or(0);
  if (method == FusionMethod::kRrf) return s ? 1 / (60 + rank) : 0;
  if (method == FusionMethod::kQdrantRrf) return s ? 1 / ((rank - 1 + 1) / column.weight + 2 - 1) : 0;
  if (v.empty()) return 0;
  const bool knn = column.type == LegType::kVector;
  const auto to_knn = [&](double x) {
    if (column.metric == Metric::kCosine) return (1 + x) / 2;
    if (column.metric == Metric::kL2) return 1 / (1 + x * x);
    return x >= 0 ? x + 1 : 1 / (1 - x);
  };
  const bool opensearch = method == FusionMethod::kOpensearchMinmax || method == FusionMethod::kOpensearchL2 ||
                          method == FusionMethod::kOpensearchZscore;
  if (opensearch && knn) {
    for (double& x : v) x = to_knn(x);
    if (s) s = to_knn(*s);
  }
  const double low = *std::min_element(v.begin(), v.end());
  const double high = *std::max_element(v.begin(), v.end());
  const bool constant = Constant(v);
  switch (method) {
    case FusionMethod::kRelative: return !s ? 0 : constant ? 1 : (*s - low) / (high - low);
    case FusionMethod::kZscore:
      if (constant) return s ? 1 : 0;
      return (s.value_or(low) - Mean(v)) / Deviation(v, 0);
    case FusionMethod::kQdrantDbsf: {
      if (!s || constant) return s ? 0.5 : 0;
      const double lowest = Mean(v) - 3 * Deviation(v, 1);
      const double highest = Mean(v) + 3 * Deviation(v, 1);
      return (*s - lowest) / (highest - lowest);
    }
    case FusionMethod::kOpensearchMinmax:
      if (!s || constant) return s ? 1 : 0;
      return *s == low ? 0.001 : (*s - low) / (high - low);
    case FusionMethod::kOpensearchL2: {
      double squares = 0;
      for (const double x : v) squares += x * x;
      return s && squares > 0 ? *s / std::sqrt(squares) : 0;
    }
    case FusionMethod::kOpensearchZscore: {
      if (!s || constant) return s ? 1 : 0;
      const double z = (*s - Mean(v)) / Deviation(v, 1);
      return z <= 0 ? 0.001 : z;
    }
    case FusionMethod::kMem0: {
      if (!s) return 0;
      const uint32_t words = column.query_terms;
      const double midpoint = words <= 3 ? 5 : words <= 6 ? 7 : words <= 9 ? 9 : words <= 15 ? 10 : 12;
      const double steepness = words <= 3 ? 0.7 : words <= 6 ? 0.6 : 0.5;
      if (column.type == LegType::kText) return *s > 0 ? 1 / (1 + std::exp(-steepness * (*s - midpoint))) : 0;
      if (!knn) return *s / high;
      return column.metric == Metric::kDot ? *s : column.metric == Metric::kL2 ? 1 / (1 - *s) : std::max(*s, 0.0);
    }
    default: return 0;
  }
}

inline double LiteralFused(FusionMethod method, const std::vector<LegColumn>& columns, size_t i) {
  double sum = 0;
  double weights = 0;
  double active = 0;
  for (const LegColumn& column : columns) {
    const double share = column.type == LegType::kGraph ? 0.5 : 1;
    const double normalized = LiteralNormalized(method, column, i);
    weights += column.weight;
    if (!Present(column.scores).empty()) active += share;
    if (method == FusionMethod::kMem0) sum += share * normalized;
    if (method == FusionMethod::kQdrantRrf) sum += normalized;
    if (method != FusionMethod::kMem0 && method != FusionMethod::kQdrantRrf) sum += column.weight * normalized;
  }
  if (method == FusionMethod::kMem0) return active > 0 ? sum / active : 0;
  const bool sums =
      method == FusionMethod::kRrf || method == FusionMethod::kQdrantRrf || method == FusionMethod::kQdrantDbsf;
  return sums ? sum : sum / weights;
}

}  // namespace engram::search
