#include "bench/compare/baseline.h"

#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

namespace engram::compare {
namespace {

constexpr double kTolerated = 0.1;
constexpr const char* kOurs = "engram";

struct Figure {
  std::string unit;
  std::map<std::string, double> of_system;
};
using Figures = std::map<std::string, Figure>;

// 1 where more is better, -1 where less is, 0 where neither.
int DirectionOf(std::string_view unit) {
  if (unit == "1/s" || unit == "ratio") return 1;
  return unit == "ms" || unit == "us" || unit == "s" || unit == "B" ? -1 : 0;
}

Result<Figures> ReadFigures(const std::string& json) {
  simdjson::dom::parser parser;
  simdjson::dom::element results;
  simdjson::dom::array measurements;
  if (parser.parse(json).get(results) != simdjson::SUCCESS ||
      results["measurements"].get(measurements) != simdjson::SUCCESS) {
    return InvalidArgument("no results of a comparison: there are no measurements in it");
  }
  Figures figures;
  for (const simdjson::dom::element measurement : measurements) {
    std::string_view workload;
    std::string_view system;
    std::string_view data;
    simdjson::dom::element parameters;
    simdjson::dom::object metrics;
    if (measurement["workload"].get(workload) != simdjson::SUCCESS ||
        measurement["system"].get(system) != simdjson::SUCCESS || measurement["data"].get(data) != simdjson::SUCCESS ||
        measurement["parameters"].get(parameters) != simdjson::SUCCESS ||
        measurement["metrics"].get(metrics) != simdjson::SUCCESS) {
      return InvalidArgument("no results of a comparison: a measurement lacks a member");
    }
    for (const auto [name, metric] : metrics) {
      std::string_view unit;
      double median = 0;
      if (metric["unit"].get(unit) != simdjson::SUCCESS || metric["median"].get(median) != simdjson::SUCCESS) continue;
      Figure& figure =
          figures[fmt::format("{} on {} {} {}", workload, data, simdjson::minify(parameters), std::string_view(name))];
      figure.unit = unit;
      figure.of_system[std::string(system)] = median;
    }
  }
  return figures;
}

// Engram's figure by that of each other system; by itself where there is no other in both runs.
std::map<std::string, std::pair<double, double>> Standings(const Figure& before, const Figure& now) {
  std::map<std::string, std::pair<double, double>> standings;
  const auto ours_before = before.of_system.find(kOurs);
  const auto ours_now = now.of_system.find(kOurs);
  if (ours_before == before.of_system.end() || ours_now == now.of_system.end()) return standings;
  for (const auto& [system, value] : before.of_system) {
    const auto other = now.of_system.find(system);
    if (system == kOurs || other == now.of_system.end() || !(value > 0) || !(other->second > 0)) continue;
    standings[system] = {ours_before->second / value, ours_now->second / other->second};
  }
  if (standings.empty()) standings[""] = {ours_before->second, ours_now->second};
  return standings;
}

}  // namespace

Result<std::vector<Regression>> Regressions(const std::string& before, const std::string& now) {
  ASSIGN_OR_RETURN(const Figures old_figures, ReadFigures(before));
  ASSIGN_OR_RETURN(const Figures new_figures, ReadFigures(now));
  std::vector<Regression> regressions;
  for (const auto& [what, figure] : old_figures) {
    const auto found = new_figures.find(what);
    if (found == new_figures.end()) continue;
    for (const auto& [system, standing] : Standings(figure, found->second)) {
      const auto [was, is] = standing;
      const int direction = DirectionOf(figure.unit);
      if (!(was > 0) || !(is > 0) || direction == 0) continue;
      const double worse = direction > 0 ? 1 - is / was : is / was - 1;
      if (worse > kTolerated) regressions.push_back({what, system, was, is, worse});
    }
  }
  return regressions;
}

}  // namespace engram::compare
