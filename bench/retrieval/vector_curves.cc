#include "bench/retrieval/vector_curves.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace engram::bench {
namespace {

constexpr size_t kEfs[] = {10, 12, 16, 20, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024};
constexpr double kEnough = 0.9995;
// Where more ef brings no more: what codes can't tell apart, no ef will.
constexpr size_t kSaturatedFrom = 128;
constexpr double kSaturated = 0.0005;

double Between(double below, double above, double part) {
  return std::exp(std::log(below) * (1 - part) + std::log(above) * part);
}

}  // namespace

CurveRuns::CurveRuns(const std::vector<Rows>& exact, SearchAt search, size_t least_ef)
    : exact_(exact), search_(std::move(search)), efs_({least_ef}) {
  for (const size_t ef : kEfs) {
    if (ef > least_ef) efs_.push_back(ef);
  }
}

void CurveRuns::Measure() {
  for (size_t i = 0; i < efs_.size(); ++i) {
    const Run run = bench::Measure(exact_, [&](size_t query) { return search_(query, efs_[i]); });
    if (runs_.size() == i) runs_.emplace_back();
    runs_[i].push_back(run);
    const bool saturated = efs_[i] >= kSaturatedFrom && i >= 2 && run.recall - runs_[i - 2].front().recall < kSaturated;
    if (run.recall >= kEnough || saturated) efs_.resize(i + 1);
  }
}

std::vector<CurvePoint> CurveRuns::Points() const {
  std::vector<CurvePoint> points;
  for (size_t i = 0; i < efs_.size(); ++i) points.push_back({efs_[i], Median(runs_[i])});
  return points;
}

std::optional<Reached> ReachRecall(const std::vector<CurvePoint>& points, double recall) {
  for (size_t i = 0; i < points.size(); ++i) {
    if (points[i].run.recall < recall) continue;
    Reached reached{points[i], i == 0};
    if (i == 0) return reached;
    const Run& below = points[i - 1].run;
    Run& run = reached.point.run;
    const double part = (recall - below.recall) / (run.recall - below.recall);
    run.per_second = Between(below.per_second, run.per_second, part);
    run.p50_us = Between(below.p50_us, run.p50_us, part);
    run.p99_us = Between(below.p99_us, run.p99_us, part);
    return reached;
  }
  return {};
}

std::vector<CurvePoint> MedianOf(const std::vector<std::vector<CurvePoint>>& curves) {
  std::map<size_t, std::vector<Run>> by_ef;
  for (const std::vector<CurvePoint>& curve : curves) {
    for (const CurvePoint& point : curve) by_ef[point.ef].push_back(point.run);
  }
  std::vector<CurvePoint> points;
  for (const auto& [ef, runs] : by_ef) {
    if (runs.size() == curves.size()) points.push_back({ef, Median(runs)});
  }
  return points;
}

}  // namespace engram::bench
