// What a workload is given, and the ways in which all of them measure.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/compare/data_set.h"
#include "bench/compare/load/loops.h"
#include "bench/compare/peer.h"
#include "bench/compare/results.h"

namespace engram::compare {

// What every system has been loaded with.
inline constexpr const char* kMemories = "memories";

struct BenchOptions {
  size_t repetitions = 5;
  std::chrono::milliseconds warm_up{500};  // before each figure, by the same requests
  std::chrono::milliseconds warming{
      10'000};  // of each kind of search after a start, so that compilers and caches settle
  std::chrono::milliseconds duration{3000};
  std::vector<uint32_t> efs = {10, 20, 40, 80, 160, 320};
  std::vector<size_t> connections = {1, 4};
  size_t load_connections = 4;
  size_t writers = 16;
  std::vector<size_t> tenants = {1000, 10'000};
  std::vector<size_t> users = {10, 50, 200};
};

struct Bench {
  const DataSet& data;
  const BenchOptions options;
  std::vector<std::unique_ptr<Peer>> peers;
  Results& results;
  const std::vector<int> cpus;  // that this program may use
  uint32_t next_row = 0;        // the first that no system has been given yet
};

// While it lives, servers have all processors but the last and the generator has the last; all have all before and
// after. Does nothing on a machine with one.
class Apart {
 public:
  explicit Apart(const Bench& bench);
  ~Apart();
  Apart(const Apart&) = delete;
  Apart& operator=(const Apart&) = delete;

 private:
  const Bench& bench_;
};

// A line on standard error, with the time.
void Say(const std::string& line);

// Calls `measure` for each system in turn, forth and back, until each was measured `repetitions` times. A system that
// fails is noted as missing from the workload and not asked again.
void InTurn(Bench& bench, const std::string& workload, const std::function<Status(Peer& peer)>& measure);

struct SearchLoad {
  std::string collection = kMemories;
  std::vector<Query> queries = {};  // asked in this order, again and again
  const Truth* truth = nullptr;     // of each query; null: recall is not measured
  size_t connections = 1;
  uint32_t ef = 100;
  std::optional<std::chrono::milliseconds> duration = {};  // another than the options'
};

// A closed loop of searches, and its figures as one repetition of `point`. A workload whose searches find nothing at
// all has failed.
Status MeasureSearches(const Bench& bench, Peer& peer, const Point& point, const SearchLoad& load, Results* results);

// Lets every system answer each kind of search for options.warming. A system that fails says so when it is measured.
void WarmUp(const Bench& bench);

// The same as MeasureSearches for every system in turn; says the medians.
void CompareSearches(Bench& bench, const std::string& workload, const Parameters& parameters, const SearchLoad& load);

// p50_ms, p95_ms and p99_ms.
void AddLatencies(const Point& point, const Histogram& latency, Results* results);

// Medians of what was measured at a point, for all systems, on one line.
void SayMedians(const Bench& bench, const std::string& workload, const Parameters& parameters);

// A memory of the data set under a row of its own.
Record CopyOf(const DataSet& data, uint32_t row);

}  // namespace engram::compare
