// One connection that asks a server all the time, vector and hybrid searches in turn, while something else goes on.
#pragma once

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "bench/retrieval/measured_server.h"
#include "bench/retrieval/memories.h"

namespace engram::bench {

// Thread-safe.
class Searcher {
 public:
  using Clock = std::chrono::steady_clock;
  struct Sample {
    Clock::time_point begin;
    QueryKind kind;
    double ms;
  };

  // Asks at most `per_second` times a second, each after the answer to the one before. Both must outlive it.
  Searcher(const MeasuredServer& server, const MemorySet& set, double per_second);
  ~Searcher() { Stop(); }

  // Between these nothing is asked; Pause() waits for the answer that is due.
  void Pause() EXCLUDES(mutex_);
  void Resume() { paused_ = false; }
  // The end; a failed search has ended the program before.
  void Stop();

  std::vector<Sample> samples() const EXCLUDES(mutex_);

 private:
  void Run();

  const MemorySet& set_;
  const std::unique_ptr<Client> client_;
  const std::chrono::duration<double> interval_;
  std::atomic<bool> stopped_ = false;
  std::atomic<bool> paused_ = false;
  Mutex asking_;  // held during a search
  mutable Mutex mutex_;
  std::vector<Sample> samples_ GUARDED_BY(mutex_);
  std::thread thread_;
};

// What the samples of `kind` begun in [begin, end) come to.
// recall@10 of the default vector search beside the exact one, over all queries of the set.
double RecallOverHttp(const MeasuredServer& server, const MemorySet& set);

struct Latency {
  size_t count = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  double max_ms = 0;
};
Latency LatencyOf(std::vector<double> times_ms);
Latency LatencyOf(const std::vector<Searcher::Sample>& samples, QueryKind kind, Searcher::Clock::time_point begin,
                  Searcher::Clock::time_point end);

}  // namespace engram::bench
