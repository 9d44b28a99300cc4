// Speed against recall: the same queries at growing ef.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/retrieval/vector_runs.h"

namespace engram::bench {

struct CurvePoint {
  size_t ef = 0;
  Run run;
};

struct Curve {
  std::string engine;
  std::string beside;              // whom it was measured in turn with; "" for the medians over all its rounds
  std::vector<CurvePoint> points;  // ef ascends
};

using SearchAt = std::function<Rows(size_t query, size_t ef)>;

// All rounds of one engine, at each ef up to the first that finds all but .0005 or no more than those before.
class CurveRuns {
 public:
  // Leaves out what is below `least_ef`, but for that itself.
  CurveRuns(const std::vector<Rows>& exact, SearchAt search, size_t least_ef);

  void Measure();
  // Medians. REQUIRES: was measured.
  std::vector<CurvePoint> Points() const;

 private:
  const std::vector<Rows>& exact_;
  SearchAt search_;
  std::vector<size_t> efs_;
  std::vector<std::vector<Run>> runs_;  // for each ef those of each round
};

// The smallest measured ef that reaches `recall`, with the recall it has; its speed and times are those at `recall`
// itself, between that point and the one before on logarithmic scales, unless there is none before.
struct Reached {
  CurvePoint point;
  bool least = false;  // the engine's smallest ef does better already
};
std::optional<Reached> ReachRecall(const std::vector<CurvePoint>& points, double recall);

// Point by point; those with an ef that not all have are left out. REQUIRES: at least one.
std::vector<CurvePoint> MedianOf(const std::vector<std::vector<CurvePoint>>& curves);

}  // namespace engram::bench
