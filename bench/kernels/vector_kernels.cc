// Every kernel of index/vector that this processor runs, in cache and, as a walk meets them, all over memory.
#include <numeric>
#include <random>
#include <string>

#include <benchmark/benchmark.h>

#include "index/huge_memory.h"
#include "index/vector/distance_kernels.h"
#include "index/vector/int8_kernels.h"
#include "index/vector/row_scorers.h"

namespace engram {
namespace {

std::vector<float> Floats(size_t n) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> floats(n);
  for (float& v : floats) v = normal(random);
  return floats;
}

std::vector<int8_t> Codes(size_t n) {
  std::mt19937 random(2);
  std::vector<int8_t> codes(n);
  for (int8_t& code : codes) code = static_cast<int8_t>(static_cast<int>(random() % 255) - 127);
  return codes;
}

void DotFloat(benchmark::State& state, const DistanceKernels& kernels) {
  const auto n = static_cast<size_t>(state.range(0));
  const std::vector<float> a = Floats(n), b = Floats(n);
  for (auto _ : state) benchmark::DoNotOptimize(kernels.dot(a.data(), b.data(), n));
}

void DotInt8Kernels(benchmark::State& state, const DotInt8Kernel& kernel) {
  const size_t n = CodeBytes(static_cast<size_t>(state.range(0)));
  const std::vector<int8_t> a = Codes(n), b = Codes(n);
  for (auto _ : state) benchmark::DoNotOptimize(kernel.dot(a.data(), b.data(), n));
}

void DotInt8QueryKernels(benchmark::State& state, const DotInt8Kernel& kernel) {
  const size_t n = CodeBytes(static_cast<size_t>(state.range(0)));
  const std::vector<int8_t> a = Codes(n), b = Codes(n);
  const int32_t sum = std::accumulate(a.begin(), a.end(), int32_t{0});
  for (auto _ : state) benchmark::DoNotOptimize(kernel.dot_query(a.data(), sum, b.data(), n));
}

// 256 MiB of codes on huge pages: `ahead` rows are asked for before they are scored.
void GatherCodes(benchmark::State& state) {
  const size_t code_bytes = CodeBytes(static_cast<size_t>(state.range(0)));
  const auto ahead = static_cast<size_t>(state.range(1));
  const size_t rows = (size_t{256} << 20) / code_bytes;
  HugeMemory memory(rows * code_bytes);
  const std::vector<int8_t> pattern = Codes(code_bytes);
  auto* codes = reinterpret_cast<int8_t*>(memory.data());
  for (size_t row = 0; row < rows; ++row) std::copy(pattern.begin(), pattern.end(), codes + row * code_bytes);
  CodeQuery query;
  query.codes = Int8Query(pattern);
  const CodeScorer<false> scorer(query, codes, nullptr);
  std::mt19937 random(3);
  std::vector<uint32_t> order(1 << 16);
  for (uint32_t& row : order) row = static_cast<uint32_t>(random() % rows);
  for (auto _ : state) {
    for (size_t i = 0; i < ahead; ++i) scorer.Prefetch(order[i]);
    for (size_t i = 0; i < order.size(); ++i) {
      if (ahead > 0 && i + ahead < order.size()) scorer.Prefetch(order[i + ahead]);
      benchmark::DoNotOptimize(scorer(order[i]));
    }
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * order.size()));
}

int Register() {
  for (const DistanceKernels& kernels : RunnableKernels()) {
    const std::string name = "DotFloat/" + std::string(kernels.name);
    benchmark::RegisterBenchmark(name.c_str(), [kernels](auto& state) { DotFloat(state, kernels); })
        ->Arg(384)
        ->Arg(768);
  }
  for (const DotInt8Kernel& kernel : RunnableInt8Kernels()) {
    const std::string name = "DotInt8/" + std::string(kernel.name);
    benchmark::RegisterBenchmark(name.c_str(), [kernel](auto& state) { DotInt8Kernels(state, kernel); })
        ->Arg(384)
        ->Arg(768);
    if (kernel.dot_query == nullptr) continue;
    const std::string of_query = "DotInt8Query/" + std::string(kernel.name);
    benchmark::RegisterBenchmark(of_query.c_str(), [kernel](auto& state) { DotInt8QueryKernels(state, kernel); })
        ->Arg(384)
        ->Arg(768);
  }
  benchmark::RegisterBenchmark("GatherCodes", GatherCodes)->ArgsProduct({{384, 768}, {0, 2, 4, 8}});
  return 0;
}

[[maybe_unused]] const int kRegistered = Register();

}  // namespace
}  // namespace engram
