// What the program `vector` found, as Markdown on standard output and as JSON in a file.
#pragma once

#include <string>
#include <vector>

#include "bench/retrieval/vector_curves.h"
#include "bench/retrieval/vector_filters.h"

namespace engram::bench {

struct BuildLine {
  std::string engine;
  std::string version;
  BuildCost cost;
  double anonymous_bytes = 0;  // for each vector
  double mapped_bytes = 0;
};

struct VectorFigures {
  std::string machine;
  std::string data;
  size_t rows = 0;
  size_t dimensions = 0;
  size_t queries = 0;
  size_t rounds = 0;
  size_t ef_construction = 0;
  double sealed_recall = 0;
  size_t sealed_ef = 0;
  bool codes_suffice = false;
  double peak_bytes = 0;
  std::vector<BuildLine> builds;
  // "engram" over all rounds, then for each peer its own and engram's in the same rounds.
  std::vector<Curve> curves;
  std::vector<FilterLine> filters;
};

// "Intel Xeon …, 2 threads, avx512 and avx512vnni kernels, release build".
std::string DescribeMachine();

void PrintMarkdown(const VectorFigures& figures);
// False when the file can't be written.
bool WriteJson(const VectorFigures& figures, const std::string& path);

}  // namespace engram::bench
