// One thread asking all queries, timed and compared with the exact answers.
//
// Times are the thread's own on the processor unless wall time is asked for: what else runs on the machine takes
// caches and bandwidth from it but not turns, so figures repeat where wall time would tell about the neighbours.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace engram::bench {

struct Run {
  double recall = 0;
  double per_second = 0;
  double p50_us = 0;
  double p99_us = 0;
};

using Rows = std::vector<uint32_t>;

// By kWall, what another process does for the thread counts, too.
enum class TimeBy : uint8_t { kThread, kWall };

// Asks `search(query)` for each query once, after a few that don't count.
Run Measure(const std::vector<Rows>& exact, const std::function<Rows(size_t query)>& search,
            TimeBy time = TimeBy::kThread);

// How many searches one run makes, those that don't count included.
size_t SearchesOf(const std::vector<Rows>& exact);

// The same by wall time with so many threads that ask at once; `search` is thread-safe.
Run MeasureTogether(const std::vector<Rows>& exact, const std::function<Rows(size_t query)>& search, size_t workers);

// Figure by figure. REQUIRES: at least one.
Run Median(const std::vector<Run>& runs);

// Queries a second where the curve through (recall, per_second) reaches `recall`, between its points on a
// logarithmic scale; 0 when it lies above or below as a whole.
double PerSecondAt(std::span<const Run> curve, double recall);

}  // namespace engram::bench
