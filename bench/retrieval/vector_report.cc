#include "bench/retrieval/vector_report.h"

#include <algorithm>
#include <fstream>
#include <thread>

#include <fmt/format.h>

#include "index/vector/distance.h"
#include "index/vector/int8_dot.h"

namespace engram::bench {
namespace {

constexpr double kRecalls[] = {0.9, 0.95, 0.99};

std::string CpuModel() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown CPU";
}

const Curve* Find(const VectorFigures& figures, const std::string& engine, const std::string& beside) {
  for (const Curve& curve : figures.curves) {
    if (curve.engine == engine && curve.beside == beside) return &curve;
  }
  return nullptr;
}

std::optional<double> SpeedOf(const Curve* curve, double recall) {
  if (curve == nullptr) return {};
  const auto reached = ReachRecall(curve->points, recall);
  return reached ? std::optional(reached->point.run.per_second) : std::nullopt;
}

// By how much engram is faster than a peer, in the rounds they had together.
std::optional<double> Advantage(const VectorFigures& figures, const std::string& peer, double recall) {
  const auto ours = SpeedOf(Find(figures, "engram", peer), recall);
  const auto theirs = SpeedOf(Find(figures, peer, "engram"), recall);
  return ours && theirs ? std::optional(*ours / *theirs) : std::nullopt;
}

std::string Cell(std::optional<double> value, int digits) {
  return value ? fmt::format("{:.{}f}", *value, digits) : "-";
}

void PrintBuilds(const VectorFigures& figures) {
  fmt::print(
      "| engine | threads | CPU s | wall s | vectors/s of CPU | bytes a vector: anonymous | mapped | |\n"
      "|---|---|---|---|---|---|---|---|\n");
  for (const BuildLine& line : figures.builds) {
    fmt::print("| {}{} | {} | {:.1f} | {:.1f} | {:.0f} | {:.0f} | {:.0f} | {} |\n", line.engine,
               line.version.empty() ? "" : " (" + line.version + ")", line.cost.threads, line.cost.cpu_seconds,
               line.cost.wall_seconds, static_cast<double>(figures.rows) / line.cost.cpu_seconds, line.anonymous_bytes,
               line.mapped_bytes, line.cost.earlier ? "built by an earlier run" : "");
  }
  fmt::print(
      "\nengram's build quantises, samples, builds the graph and writes the file. It was sealed with recall {:.3f}"
      " at ef {}; {}\n",
      figures.sealed_recall, figures.sealed_ef, figures.codes_suffice ? "codes suffice" : "codes do not suffice: fp32");
}

void PrintAtRecalls(const VectorFigures& figures) {
  fmt::print(
      "\nAt equal recall@10 (\"-\": not reached; \">\": the smallest ef finds more already). ef is the smallest "
      "measured"
      " that reaches it, with what it finds; speed and times are interpolated. Ratios are of rounds that engram and the"
      " peer had in turn; a peer's ratio to hnswlib goes through engram.\n\n"
      "| engine | recall@10 | ef | finds | QPS | p50 us | p99 us | x hnswlib | engram is x times as fast |\n"
      "|---|---|---|---|---|---|---|---|---|\n");
  for (const double recall : kRecalls) {
    const auto to_hnswlib = Advantage(figures, "hnswlib", recall);
    for (const Curve& curve : figures.curves) {
      const bool ours = curve.engine == "engram";
      if (ours && !curve.beside.empty()) continue;
      const auto reached = ReachRecall(curve.points, recall);
      if (!reached) {
        fmt::print("| {} | {} | - | {:.4f} at most | - | - | - | - | - |\n", curve.engine, recall,
                   curve.points.back().run.recall);
        continue;
      }
      const auto advantage = ours ? std::optional(1.0) : Advantage(figures, curve.engine, recall);
      const auto of_hnswlib = to_hnswlib && advantage ? std::optional(*to_hnswlib / *advantage) : std::nullopt;
      const Run& run = reached->point.run;
      fmt::print("| {} | {}{} | {} | {:.4f} | {:.0f} | {:.0f} | {:.0f} | {} | {} |\n", curve.engine,
                 reached->least ? ">" : "", recall, reached->point.ef, run.recall, run.per_second, run.p50_us,
                 run.p99_us, Cell(of_hnswlib, 2), ours ? "" : Cell(advantage, 2));
    }
  }
}

void PrintCurves(const VectorFigures& figures) {
  fmt::print("\n| engine | ef | recall@10 | QPS | p50 us | p99 us |\n|---|---|---|---|---|---|\n");
  for (const Curve& curve : figures.curves) {
    if (curve.engine == "engram" && !curve.beside.empty()) continue;
    for (const CurvePoint& point : curve.points) {
      fmt::print("| {} | {} | {:.4f} | {:.0f} | {:.0f} | {:.0f} |\n", curve.engine, point.ef, point.run.recall,
                 point.run.per_second, point.run.p50_us, point.run.p99_us);
    }
  }
}

void PrintFilters(const VectorFigures& figures) {
  if (figures.filters.empty()) return;
  fmt::print(
      "\n| filter | rows that match | plan | recall@10 | queries short of 10 or all | p50 us | p99 us | p50 unfiltered "
      "at"
      " this recall, us | ratio |\n|---|---|---|---|---|---|---|---|---|\n");
  for (const FilterLine& line : figures.filters) {
    fmt::print("| {} | {:.0f} | {} | {:.4f} | {} | {:.0f} | {:.0f} | {:.0f} | {:.2f} |\n", line.filter, line.matches,
               line.plan, line.run.recall, line.fewer, line.run.p50_us, line.run.p99_us, line.without,
               line.run.p50_us / line.without);
  }
}

std::string Json(const Run& run) {
  return fmt::format("\"recall\": {:.4f}, \"per_second\": {:.1f}, \"p50_us\": {:.1f}, \"p99_us\": {:.1f}", run.recall,
                     run.per_second, run.p50_us, run.p99_us);
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

void PrintMarkdown(const VectorFigures& figures) {
  fmt::print(
      "{}\n\n{}: {} vectors, {} dimensions, cosine, {} queries, k = 10; M = 16, ef_construction {}; searches: CPU time "
      "of"
      " one thread, medians of {} rounds A B B A; at most {:.1f} GB resident, mapped files among them\n\n",
      figures.machine, figures.data, figures.rows, figures.dimensions, figures.queries, figures.ef_construction,
      figures.rounds, figures.peak_bytes / 1e9);
  PrintBuilds(figures);
  PrintAtRecalls(figures);
  PrintCurves(figures);
  PrintFilters(figures);
}

bool WriteJson(const VectorFigures& figures, const std::string& path) {
  std::string out = fmt::format(
      "{{\"machine\": \"{}\", \"data\": \"{}\", \"rows\": {}, \"dimensions\": {}, \"queries\": {}, \"rounds\": {},\n"
      " \"ef_construction\": {}, \"sealed_recall\": {:.4f}, \"sealed_ef\": {}, \"codes_suffice\": {},\n"
      " \"peak_bytes\": {:.0f},\n \"builds\": [",
      figures.machine, figures.data, figures.rows, figures.dimensions, figures.queries, figures.rounds,
      figures.ef_construction, figures.sealed_recall, figures.sealed_ef, figures.codes_suffice, figures.peak_bytes);
  const char* comma = "";
  for (const BuildLine& line : figures.builds) {
    out += fmt::format(
        "{}\n  {{\"engine\": \"{}\", \"version\": \"{}\", \"threads\": {}, \"cpu_seconds\": {:.2f}, \"wall_seconds\":"
        " {:.2f}, \"earlier\": {}, \"anonymous_bytes\": {:.1f}, \"mapped_bytes\": {:.1f}}}",
        std::exchange(comma, ","), line.engine, line.version, line.cost.threads, line.cost.cpu_seconds,
        line.cost.wall_seconds, line.cost.earlier, line.anonymous_bytes, line.mapped_bytes);
  }
  out += "],\n \"curves\": [";
  comma = "";
  for (const Curve& curve : figures.curves) {
    for (const CurvePoint& point : curve.points) {
      out += fmt::format("{}\n  {{\"engine\": \"{}\", \"beside\": \"{}\", \"ef\": {}, {}}}", std::exchange(comma, ","),
                         curve.engine, curve.beside, point.ef, Json(point.run));
    }
  }
  out += "],\n \"filters\": [";
  comma = "";
  for (const FilterLine& line : figures.filters) {
    out += fmt::format(
        "{}\n  {{\"filter\": \"{}\", \"matches\": {:.1f}, \"plan\": \"{}\", \"fewer\": {}, \"unfiltered_p50_us\": "
        "{:.1f},"
        " {}}}",
        std::exchange(comma, ","), line.filter, line.matches, line.plan, line.fewer, line.without, Json(line.run));
  }
  out += "]}\n";
  std::ofstream file(path);
  file << out;
  file.flush();
  return file.good();
}

}  // namespace engram::bench
