// What the program `vector` found, as Markdown on standard output and as JSON in a file.
#pragma once

#include <string>
#include <vector>

#include "bench/retrieval/vector_runs.h"

namespace engram::bench {

struct CurvePoint {
  std::string engine;
  size_t ef;
  Run run;
};

struct FilterPoint {
  std::string filter;  // "random", "around the query", "away from the query"
  double share;
  double matches;  // mean number of rows
  std::string plan;
  Run run;
};

struct VectorFigures {
  std::string machine;
  std::string data;
  size_t rows = 0;
  size_t dimensions = 0;
  size_t rounds = 0;
  double our_build_seconds = 0;
  double peer_build_seconds = 0;
  size_t build_threads = 0;
  double anonymous_bytes = 0;  // for each vector
  double mapped_bytes = 0;
  double sealed_recall = 0;
  size_t sealed_ef = 0;
  bool codes_suffice = false;
  std::vector<CurvePoint> curves;
  std::vector<FilterPoint> filters;
};

// "Intel Xeon …, 2 threads, avx512 and avx512vnni kernels, release build".
std::string DescribeMachine();
std::vector<Run> CurveOf(const VectorFigures& figures, const std::string& engine);

void PrintMarkdown(const VectorFigures& figures);
// False when the file can't be written.
bool WriteJson(const VectorFigures& figures, const std::string& path);

}  // namespace engram::bench
