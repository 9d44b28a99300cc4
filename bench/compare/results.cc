#include "bench/compare/results.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <thread>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/json_writer.h"
#include "bench/compare/json_text.h"

namespace engram::compare {
namespace {

constexpr double kUnsteady = 0.2;
constexpr double kRecalls[] = {0.9, 0.95, 0.99};
constexpr const char* kOurs = "engram";

std::string Number(double value) {
  std::string out;
  AppendJsonDouble(value, &out);
  return out;
}

std::string JsonOf(const Parameters& parameters) {
  std::vector<std::string> members;
  for (const auto& [name, value] : parameters) {
    const auto* text = std::get_if<std::string>(&value);
    members.push_back(Quoted(name) + ":" +
                      (text != nullptr ? Quoted(*text) : fmt::format("{}", std::get<double>(value))));
  }
  return fmt::format("{{{}}}", fmt::join(members, ","));
}

std::string JsonOf(const Metric& metric) {
  const auto [min, max] = std::minmax_element(metric.values.begin(), metric.values.end());
  std::vector<std::string> values;
  for (const double value : metric.values) values.push_back(Number(value));
  return fmt::format(R"({{"unit":{},"median":{},"min":{},"max":{},"unsteady":{},"values":[{}]}})", Quoted(metric.unit),
                     Number(metric.Median()), Number(*min), Number(*max), metric.unsteady(), fmt::join(values, ","));
}

std::string JsonOf(const Measurement& measurement) {
  const Point& point = measurement.point;
  std::vector<std::string> metrics;
  size_t runs = 0;
  for (const auto& [name, metric] : measurement.metrics) {
    metrics.push_back(Quoted(name) + ":" + JsonOf(metric));
    runs = std::max(runs, metric.values.size());
  }
  return fmt::format(R"({{"workload":{},"system":{},"data":{},"parameters":{},"runs":{},"metrics":{{{}}}}})",
                     Quoted(point.workload), Quoted(point.system), Quoted(point.data), JsonOf(point.parameters), runs,
                     fmt::join(metrics, ","));
}

std::string JsonOf(const AtRecall& at) {
  return fmt::format(
      R"({{"workload":{},"data":{},"recall":{},"connections":{},"system":{},"qps":{},"ratio_to_engram":{},"least":{}}})",
      Quoted(at.workload), Quoted(at.data), Number(at.recall), at.connections, Quoted(at.system), Number(at.qps),
      at.ratio_to_engram > 0 ? Number(at.ratio_to_engram) : "null", at.least);
}

std::string MachineJson(double load) {
  std::string cpu = "unknown";
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0) {
      cpu = line.substr(line.find(':') + 2);
      break;
    }
  }
  utsname system{};
  uname(&system);
  const double bytes = static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  return fmt::format(R"({{"cpu":{},"threads":{},"memory_gib":{:.1f},"kernel":{},"load_before":{:.2f}}})", Quoted(cpu),
                     std::thread::hardware_concurrency(), bytes / (1 << 30), Quoted(system.release), load);
}

std::string Now() {
  const std::time_t now = std::time(nullptr);
  tm utc{};
  gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

// A parameter that is a number; nothing where it is none.
std::optional<double> NumberOf(const Point& point, std::string_view name) {
  for (const auto& [key, value] : point.parameters) {
    if (key == name && std::holds_alternative<double>(value)) return std::get<double>(value);
  }
  return std::nullopt;
}

}  // namespace

double Metric::Median() const {
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  const size_t n = sorted.size();
  if (n == 0) return 0;
  return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

bool Metric::unsteady() const {
  const auto [min, max] = std::minmax_element(values.begin(), values.end());
  return values.size() > 1 && *max - *min > kUnsteady * std::abs(Median());
}

double LoadOfMachine() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}

Results::Results(std::string commit) : commit_(std::move(commit)), time_(Now()), load_(LoadOfMachine()) {}

void Results::AddSystem(const std::string& name, const std::string& version, const std::vector<Setting>& settings) {
  std::vector<std::string> lines;
  for (const Setting& setting : settings) {
    lines.push_back(fmt::format(R"({{"name":{},"value":{},"why":{}}})", Quoted(setting.name), Quoted(setting.value),
                                Quoted(setting.why)));
  }
  systems_.push_back(fmt::format(R"({{"name":{},"version":{},"settings":[{}]}})", Quoted(name), Quoted(version),
                                 fmt::join(lines, ",")));
}

void Results::AddMissing(const std::string& system, const std::string& why) {
  missing_.push_back(fmt::format(R"({{"system":{},"why":{}}})", Quoted(system), Quoted(why)));
}

void Results::AddMissing(const std::string& system, const std::string& workload, const Status& status) {
  missing_.push_back(fmt::format(R"({{"system":{},"workload":{},"why":{}}})", Quoted(system), Quoted(workload),
                                 Quoted(status.message())));
  failed_ = failed_ || status.code() != StatusCode::kFailedPrecondition;
}

void Results::AddData(const std::string& name, size_t rows, size_t dimensions, const std::string& source) {
  data_.push_back(fmt::format(R"({{"name":{},"rows":{},"dimensions":{},"source":{}}})", Quoted(name), rows, dimensions,
                              Quoted(source)));
}

void Results::AddGenerator(const std::string& name, double value) { generator_[name] = value; }

void Results::Add(const Point& point, const std::string& metric, const std::string& unit, double value) {
  const std::string key =
      fmt::format("{}\n{}\n{}\n{}", point.workload, point.system, point.data, JsonOf(point.parameters));
  const auto [place, fresh] = places_.try_emplace(key, measurements_.size());
  if (fresh) measurements_.push_back({point, {}});
  Metric& kept = measurements_[place->second].metrics[metric];
  kept.unit = unit;
  kept.values.push_back(value);
}

std::string Results::Json() const {
  std::vector<std::string> measurements;
  for (const Measurement& measurement : measurements_) measurements.push_back(JsonOf(measurement));
  std::vector<std::string> equal;
  for (const AtRecall& at : AtEqualRecall(measurements_)) equal.push_back(JsonOf(at));
  std::vector<std::string> generator;
  for (const auto& [name, value] : generator_) generator.push_back(Quoted(name) + ":" + Number(value));
  return fmt::format(
      "{{\"machine\":{},\n\"commit\":{},\"time\":{},\n\"systems\":[{}],\n\"missing\":[{}],\n\"data\":[{}],\n"
      "\"generator\":{{{}}},\n\"equal_recall\":[\n{}],\n\"measurements\":[\n{}]}}\n",
      MachineJson(load_), Quoted(commit_), Quoted(time_), fmt::join(systems_, ",\n"), fmt::join(missing_, ",\n"),
      fmt::join(data_, ",\n"), fmt::join(generator, ","), fmt::join(equal, ",\n"), fmt::join(measurements, ",\n"));
}

std::optional<Reached> SpeedAt(std::vector<RecallPoint> curve, double recall) {
  std::sort(curve.begin(), curve.end(), [](const RecallPoint& a, const RecallPoint& b) { return a.recall < b.recall; });
  if (curve.empty() || curve.back().recall < recall) return std::nullopt;
  Reached reached;
  // What finds enough counts as it is; so does what lies between a point that doesn't and one that does.
  for (size_t i = 0; i < curve.size(); ++i) {
    if (curve[i].recall >= recall) reached.qps = std::max(reached.qps, curve[i].qps);
    if (i == 0 || curve[i].recall < recall || curve[i - 1].recall >= recall) continue;
    const double part = (recall - curve[i - 1].recall) / (curve[i].recall - curve[i - 1].recall);
    reached.qps =
        std::max(reached.qps, std::exp(std::log(curve[i - 1].qps) * (1 - part) + std::log(curve[i].qps) * part));
  }
  reached.least = curve.front().recall >= recall;
  return reached;
}

std::vector<AtRecall> AtEqualRecall(const std::vector<Measurement>& measurements) {
  // Workload, data, connections; then the system.
  using Key = std::tuple<std::string, std::string, double>;
  std::map<Key, std::map<std::string, std::vector<RecallPoint>>> curves;
  for (const Measurement& measurement : measurements) {
    const Point& point = measurement.point;
    const auto recall = measurement.metrics.find("recall_at_10");
    const auto qps = measurement.metrics.find("qps");
    const std::optional<double> connections = NumberOf(point, "connections");
    if (point.workload != "vector" || !connections || recall == measurement.metrics.end() ||
        qps == measurement.metrics.end()) {
      continue;
    }
    curves[{point.workload, point.data, *connections}][point.system].push_back(
        {recall->second.Median(), qps->second.Median()});
  }
  std::vector<AtRecall> all;
  for (const auto& [key, systems] : curves) {
    for (const double recall : kRecalls) {
      const auto ours = systems.find(kOurs);
      const std::optional<Reached> base = ours == systems.end() ? std::nullopt : SpeedAt(ours->second, recall);
      for (const auto& [system, curve] : systems) {
        const std::optional<Reached> reached = SpeedAt(curve, recall);
        if (!reached) continue;
        all.push_back({std::get<0>(key), std::get<1>(key), recall, std::get<2>(key), system, reached->qps,
                       base && base->qps > 0 ? reached->qps / base->qps : 0, reached->least});
      }
    }
  }
  return all;
}

}  // namespace engram::compare
