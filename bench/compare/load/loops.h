// The two ways of putting load on a server.
//
// Closed: every connection asks again as soon as it has its answer, which finds the most a server can do. Open:
// requests are due at fixed times whatever the server does, and a latency counts from when its request was due, so that
// a server that stands still is charged for all who had to wait (G. Tene's "coordinated omission").
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "base/status.h"
#include "bench/compare/load/histogram.h"

namespace engram::compare {

// What one connection does. `exchange` is what is timed; `look` comes after it, unless it is null.
struct Work {
  std::function<Status(uint64_t turn)> exchange;
  std::function<Status(uint64_t turn)> look;
};

struct LoopFigures {
  Histogram latency;
  double seconds = 0;
  uint64_t requests = 0;  // that were answered within these seconds
  uint64_t due = 0;       // open loop: that should have been asked

  double per_second() const { return seconds > 0 ? static_cast<double>(requests) / seconds : 0; }
};

// One thread for each work. What comes within `warm_up` is not counted. The first error ends the run and is returned.
Result<LoopFigures> RunClosedLoop(const std::vector<Work>& works, std::chrono::milliseconds warm_up,
                                  std::chrono::milliseconds duration);

// `per_second` requests in all, spread evenly over the works, for `duration`; a work that is behind catches up without
// pause, for twice that time again at most.
Result<LoopFigures> RunOpenLoop(const std::vector<Work>& works, double per_second, std::chrono::milliseconds duration);

}  // namespace engram::compare
