#include "bench/retrieval/vector_report.h"

#include <fstream>
#include <thread>

#include <fmt/format.h>

#include "index/vector/distance.h"
#include "index/vector/int8_dot.h"

namespace engram::bench {
namespace {

std::string CpuModel() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown CPU";
}

std::vector<std::string> Engines(const VectorFigures& figures) {
  std::vector<std::string> engines;
  for (const CurvePoint& point : figures.curves) {
    if (engines.empty() || engines.back() != point.engine) engines.push_back(point.engine);
  }
  return engines;
}

// Each of ours beside the peer that was measured in turn with it, at equal recall; "-" where a curve lies above
// the recall as a whole, or below.
void PrintRatios(const VectorFigures& figures) {
  const std::vector<std::string> engines = Engines(figures);
  if (engines.size() < 2) return;
  fmt::print("\n| recall@10 | ours QPS | peer | peer's QPS | ratio |\n|---|---|---|---|---|\n");
  for (size_t i = 0; i + 1 < engines.size(); i += 2) {
    for (const double recall : {0.9, 0.95, 0.98, 0.99, 0.995, 0.999}) {
      const double ours = PerSecondAt(CurveOf(figures, engines[i]), recall);
      const double theirs = PerSecondAt(CurveOf(figures, engines[i + 1]), recall);
      const auto cell = [](double value, int digits) {
        return value > 0 ? fmt::format("{:.{}f}", value, digits) : std::string("-");
      };
      fmt::print("| {} | {} | {} | {} | {} |\n", recall, cell(ours, 0), engines[i + 1], cell(theirs, 0),
                 cell(theirs > 0 ? ours / theirs : 0, 2));
    }
  }
}

}  // namespace

std::string DescribeMachine() {
#ifdef NDEBUG
  constexpr const char* kBuild = "release";
#else
  constexpr const char* kBuild = "debug";
#endif
  return fmt::format("{} with {} threads, {} and {} kernels, {} build", CpuModel(), std::thread::hardware_concurrency(),
                     DistanceKernel(), Int8Kernel(), kBuild);
}

std::vector<Run> CurveOf(const VectorFigures& figures, const std::string& engine) {
  std::vector<Run> curve;
  for (const CurvePoint& point : figures.curves) {
    if (point.engine == engine) curve.push_back(point.run);
  }
  return curve;
}

void PrintMarkdown(const VectorFigures& figures) {
  fmt::print(
      "{}\n\n{}: {} vectors, {} dimensions, cosine, k = 10; CPU time of one thread; medians of {} rounds A B B A\n\n",
      figures.machine, figures.data, figures.rows, figures.dimensions, figures.rounds);
  fmt::print("| | build, CPU s ({} threads) | vectors/s of CPU |\n|---|---|---|\n", figures.build_threads);
  const auto build = [&](const char* engine, double seconds) {
    if (seconds > 0) {
      fmt::print("| {} | {:.1f} | {:.0f} |\n", engine, seconds, static_cast<double>(figures.rows) / seconds);
    }
  };
  build("engram (quantise, sample, graph, file)", figures.our_build_seconds);
  build("hnswlib", figures.peer_build_seconds);
  fmt::print("\n{:.0f} anonymous and {:.0f} mapped bytes for each vector; sealed with recall {:.3f} at ef {}, {}\n",
             figures.anonymous_bytes, figures.mapped_bytes, figures.sealed_recall, figures.sealed_ef,
             figures.codes_suffice ? "codes suffice" : "codes do not suffice: fp32");
  fmt::print("\n| engine | ef | recall@10 | QPS | p50 us | p99 us |\n|---|---|---|---|---|---|\n");
  for (const CurvePoint& point : figures.curves) {
    fmt::print("| {} | {} | {:.4f} | {:.0f} | {:.0f} | {:.0f} |\n", point.engine, point.ef, point.run.recall,
               point.run.per_second, point.run.p50_us, point.run.p99_us);
  }
  PrintRatios(figures);
  if (figures.filters.empty()) return;
  fmt::print("\n| filter | share | rows | plan | recall@10 | p50 us | p99 us |\n|---|---|---|---|---|---|---|\n");
  for (const FilterPoint& point : figures.filters) {
    fmt::print("| {} | {} % | {:.0f} | {} | {:.4f} | {:.0f} | {:.0f} |\n", point.filter, 100 * point.share,
               point.matches, point.plan, point.run.recall, point.run.p50_us, point.run.p99_us);
  }
}

bool WriteJson(const VectorFigures& figures, const std::string& path) {
  std::string out = fmt::format(
      "{{\"machine\": \"{}\", \"data\": \"{}\", \"rows\": {}, \"dimensions\": {}, \"rounds\": {},\n"
      " \"build_threads\": {}, \"our_build_seconds\": {:.2f}, \"peer_build_seconds\": {:.2f},\n"
      " \"anonymous_bytes\": {:.1f}, \"mapped_bytes\": {:.1f}, \"sealed_recall\": {:.4f}, \"sealed_ef\": {},\n"
      " \"codes_suffice\": {},\n \"curves\": [",
      figures.machine, figures.data, figures.rows, figures.dimensions, figures.rounds, figures.build_threads,
      figures.our_build_seconds, figures.peer_build_seconds, figures.anonymous_bytes, figures.mapped_bytes,
      figures.sealed_recall, figures.sealed_ef, figures.codes_suffice);
  const auto run = [](const Run& r) {
    return fmt::format("\"recall\": {:.4f}, \"per_second\": {:.1f}, \"p50_us\": {:.1f}, \"p99_us\": {:.1f}}}", r.recall,
                       r.per_second, r.p50_us, r.p99_us);
  };
  for (size_t i = 0; i < figures.curves.size(); ++i) {
    const CurvePoint& point = figures.curves[i];
    out += fmt::format("{}\n  {{\"engine\": \"{}\", \"ef\": {}, {}", i > 0 ? "," : "", point.engine, point.ef,
                       run(point.run));
  }
  out += "],\n \"filters\": [";
  for (size_t i = 0; i < figures.filters.size(); ++i) {
    const FilterPoint& point = figures.filters[i];
    out += fmt::format("{}\n  {{\"filter\": \"{}\", \"share\": {}, \"matches\": {:.1f}, \"plan\": \"{}\", {}",
                       i > 0 ? "," : "", point.filter, point.share, point.matches, point.plan, run(point.run));
  }
  out += "]}\n";
  std::ofstream file(path);
  file << out;
  return file.good();
}

}  // namespace engram::bench
