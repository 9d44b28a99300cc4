#include "bench/quality/machine.h"

#include <fstream>
#include <thread>

#include <fmt/format.h>

#include "engine/analyzer_cache.h"
#include "index/vector/distance.h"

namespace engram::quality {
namespace {

std::string CpuModel() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown CPU";
}

std::string Build() {
#ifdef NDEBUG
  return "release";
#else
  return "debug";
#endif
}

std::string Compiler() {
#ifdef __clang__
  return __VERSION__;  // names itself
#else
  return "GCC " __VERSION__;
#endif
}

}  // namespace

std::string DescribeMachine() {
  AnalyzerOptions options;
  options.analyzer = "english";
  const auto english = SharedAnalyzer(options);
  return fmt::format("Engram {}, {} build, {}; {} with {} threads, {} distance kernels; `english` is {}.",
                     ENGRAM_VERSION, Build(), Compiler(), CpuModel(), std::thread::hardware_concurrency(),
                     DistanceKernel(), english.ok() ? (*english)->fingerprint() : english.status().ToString());
}

}  // namespace engram::quality
