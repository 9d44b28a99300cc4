// Latencies of one kind of request, and what they come to.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <vector>

namespace engram {

struct Timings {
  double per_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
};

// Runs `step(worker)` in a closed loop on `workers` threads for `duration`, after `warm_up`. A step that returns false
// ends the run; nothing is measured then.
Timings RunClosedLoop(int workers, std::chrono::milliseconds warm_up, std::chrono::milliseconds duration,
                      const std::function<bool(int)>& step);

// The middle of several runs, figure by figure.
Timings Median(const std::vector<Timings>& runs);

}  // namespace engram
