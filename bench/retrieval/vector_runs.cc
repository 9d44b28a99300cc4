#include "bench/retrieval/vector_runs.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <ctime>
#include <numeric>
#include <thread>

namespace engram::bench {
namespace {

constexpr size_t kWarmUp = 50;

double Microseconds(TimeBy time) {
  timespec now{};
  ::clock_gettime(time == TimeBy::kThread ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) * 1e-3;
}

double Middle(const std::vector<Run>& runs, double Run::*figure) {
  std::vector<double> values;
  for (const Run& run : runs) values.push_back(run.*figure);
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

Run Figures(const std::vector<Rows>& exact, const std::vector<Rows>& answers, std::vector<double> times,
            double total_us) {
  size_t wanted = 0;
  size_t found = 0;
  for (size_t query = 0; query < exact.size(); ++query) {
    wanted += exact[query].size();
    for (const uint32_t row : answers[query]) {
      found += static_cast<size_t>(std::count(exact[query].begin(), exact[query].end(), row));
    }
  }
  std::sort(times.begin(), times.end());
  return {wanted == 0 ? 1 : static_cast<double>(found) / static_cast<double>(wanted),
          1e6 * static_cast<double>(times.size()) / total_us, times[times.size() / 2], times[times.size() * 99 / 100]};
}

}  // namespace

Run Measure(const std::vector<Rows>& exact, const std::function<Rows(size_t query)>& search, TimeBy time) {
  for (size_t query = 0; query < std::min(kWarmUp, exact.size()); ++query) search(query);
  std::vector<Rows> answers;
  std::vector<double> times;
  for (size_t query = 0; query < exact.size(); ++query) {
    const double begin = Microseconds(time);
    answers.push_back(search(query));
    times.push_back(Microseconds(time) - begin);
  }
  const double total = std::accumulate(times.begin(), times.end(), 0.0);
  return Figures(exact, answers, std::move(times), total);
}

size_t SearchesOf(const std::vector<Rows>& exact) { return exact.size() + std::min(kWarmUp, exact.size()); }

Run MeasureTogether(const std::vector<Rows>& exact, const std::function<Rows(size_t query)>& search, size_t workers) {
  std::vector<Rows> answers(exact.size());
  std::vector<double> times(exact.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t query = next++; query < exact.size(); query = next++) {
      const double begin = Microseconds(TimeBy::kWall);
      answers[query] = search(query);
      times[query] = Microseconds(TimeBy::kWall) - begin;
    }
  };
  for (size_t query = 0; query < std::min(kWarmUp, exact.size()); ++query) search(query);
  const double begin = Microseconds(TimeBy::kWall);
  std::vector<std::thread> others;
  for (size_t i = 1; i < workers; ++i) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
  const double total = Microseconds(TimeBy::kWall) - begin;
  return Figures(exact, answers, std::move(times), total);
}

Run Median(const std::vector<Run>& runs) {
  return {Middle(runs, &Run::recall), Middle(runs, &Run::per_second), Middle(runs, &Run::p50_us),
          Middle(runs, &Run::p99_us)};
}

double PerSecondAt(std::span<const Run> curve, double recall) {
  for (size_t i = 0; i < curve.size(); ++i) {
    if (curve[i].recall < recall) continue;
    if (i == 0) return curve[0].recall == recall ? curve[0].per_second : 0;
    const Run& below = curve[i - 1];
    const double part = (recall - below.recall) / (curve[i].recall - below.recall);
    return std::exp(std::log(below.per_second) * (1 - part) + std::log(curve[i].per_second) * part);
  }
  return 0;
}

}  // namespace engram::bench
