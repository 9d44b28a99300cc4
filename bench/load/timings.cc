#include "bench/load/timings.h"

#include <algorithm>
#include <atomic>
#include <thread>

namespace engram {
namespace {

using Clock = std::chrono::steady_clock;

double Percentile(std::vector<double>& sorted, double q) {
  if (sorted.empty()) return 0;
  return sorted[std::min(sorted.size() - 1, static_cast<size_t>(q * static_cast<double>(sorted.size())))];
}

double MiddleOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

}  // namespace

Timings RunClosedLoop(int workers, std::chrono::milliseconds warm_up, std::chrono::milliseconds duration,
                      const std::function<bool(int)>& step) {
  const auto begin = Clock::now() + warm_up;
  const auto end = begin + duration;
  std::atomic<bool> failed = false;
  std::vector<std::vector<double>> latencies(static_cast<size_t>(workers));
  std::vector<std::thread> threads;
  for (int worker = 0; worker < workers; ++worker) {
    threads.emplace_back([&, worker] {
      while (!failed) {
        const auto start = Clock::now();
        if (start >= end) return;
        if (!step(worker)) failed = true;
        const std::chrono::duration<double, std::milli> took = Clock::now() - start;
        if (start >= begin) latencies[static_cast<size_t>(worker)].push_back(took.count());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (failed) return {};
  std::vector<double> all;
  for (const auto& of_worker : latencies) all.insert(all.end(), of_worker.begin(), of_worker.end());
  std::sort(all.begin(), all.end());
  const double seconds = std::chrono::duration<double>(duration).count();
  return {static_cast<double>(all.size()) / seconds, Percentile(all, 0.50), Percentile(all, 0.99)};
}

Timings Median(const std::vector<Timings>& runs) {
  std::vector<double> rates;
  std::vector<double> p50;
  std::vector<double> p99;
  for (const Timings& run : runs) {
    rates.push_back(run.per_second);
    p50.push_back(run.p50_ms);
    p99.push_back(run.p99_ms);
  }
  return {MiddleOf(rates), MiddleOf(p50), MiddleOf(p99)};
}

}  // namespace engram
