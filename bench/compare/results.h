// What was measured, as README.md in this folder describes it in JSON.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bench/compare/peer.h"

namespace engram::compare {

using Parameters = std::vector<std::pair<std::string, std::variant<double, std::string>>>;

// Of which workload, on which system and data, at which settings of the load.
struct Point {
  std::string workload;
  std::string system;
  std::string data;
  Parameters parameters = {};
};

struct Metric {
  std::string unit;  // "1/s" and "ratio" are better higher, "ms", "us", "s" and "B" lower
  std::vector<double> values;

  double Median() const;
  // The largest less the smallest value is more than a fifth of the median.
  bool unsteady() const;
};

struct Measurement {
  Point point;
  std::map<std::string, Metric> metrics;
};

// A system's speed where its curve reaches a recall.
struct AtRecall {
  std::string workload;
  std::string data;
  double recall = 0;
  double connections = 0;
  std::string system;
  double qps = 0;
  double ratio_to_engram = 0;  // 0: Engram's curve does not reach this recall
  bool least = false;          // the smallest measured ef finds more already
};

// Confined to one thread.
class Results {
 public:
  explicit Results(std::string commit);

  void AddSystem(const std::string& name, const std::string& version, const std::vector<Setting>& settings);
  // The system isn't there at all.
  void AddMissing(const std::string& system, const std::string& why);
  // It is missing from a workload: by FailedPrecondition it does not offer that, by anything else it has failed.
  void AddMissing(const std::string& system, const std::string& workload, const Status& status);
  void AddData(const std::string& name, size_t rows, size_t dimensions, const std::string& source);
  void AddGenerator(const std::string& name, double value);
  // One repetition's figure.
  void Add(const Point& point, const std::string& metric, const std::string& unit, double value);

  const std::vector<Measurement>& measurements() const { return measurements_; }
  // Whether a system has failed.
  bool failed() const { return failed_; }

  std::string Json() const;

 private:
  const std::string commit_;
  const std::string time_;
  const double load_;
  std::vector<std::string> systems_;  // as JSON, these three
  std::vector<std::string> missing_;
  std::vector<std::string> data_;
  std::map<std::string, double> generator_;
  std::vector<Measurement> measurements_;
  std::map<std::string, size_t> places_;  // of points in measurements_
  bool failed_ = false;
};

// Processes that ran or waited to, on average of the last minute.
double LoadOfMachine();

// Of the curves of the workload "vector", at recall .9, .95 and .99; a system whose curve ends below one is left out
// there.
std::vector<AtRecall> AtEqualRecall(const std::vector<Measurement>& measurements);

// One point of a curve.
struct RecallPoint {
  double recall = 0;
  double qps = 0;
};
// The largest speed at `recall` on the straight pieces through the points, on a logarithmic scale of the speed; that of
// the quickest point where all find more (`least`). Nothing where none finds as much.
struct Reached {
  double qps = 0;
  bool least = false;
};
std::optional<Reached> SpeedAt(std::vector<RecallPoint> curve, double recall);

}  // namespace engram::compare
