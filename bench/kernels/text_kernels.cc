// A block of 128 postings: unpacking, summing gaps, scoring, and picking what scores enough; and the bound of a block.
// Times are for a block, items are postings.
#include <random>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

#include "index/text/bit_packing.h"
#include "index/text/impacts.h"
#include "index/text/score_kernels.h"

namespace engram {
namespace {

std::string Packed(uint32_t bits) {
  std::mt19937 random(bits);
  std::vector<uint32_t> numbers(kPackedNumbers);
  for (uint32_t& number : numbers) number = random() & ((1u << bits) - 1);
  std::string packed(PackedBytes(bits), '\0');
  PackBlock(numbers.data(), bits, packed.data());
  return packed;
}

void CountItems(benchmark::State& state) {
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()) * static_cast<int64_t>(kPackedNumbers));
}

void Unpack(benchmark::State& state, const UnpackKernels& kernels) {
  const auto bits = static_cast<uint32_t>(state.range(0));
  const std::string packed = Packed(bits);
  uint32_t numbers[kPackedNumbers];
  for (auto _ : state) {
    kernels.block(packed.data(), bits, numbers);
    benchmark::DoNotOptimize(numbers);
  }
  CountItems(state);
}

void UnpackSums(benchmark::State& state, const UnpackKernels& kernels) {
  const auto bits = static_cast<uint32_t>(state.range(0));
  const std::string packed = Packed(bits);
  uint32_t numbers[kPackedNumbers];
  for (auto _ : state) {
    kernels.ascending(packed.data(), bits, 7, numbers);
    benchmark::DoNotOptimize(numbers);
  }
  CountItems(state);
}

// Every `gap`th text of a million.
void Parts(benchmark::State& state, const ScoreKernels& kernels) {
  const auto gap = static_cast<uint32_t>(state.range(0));
  const std::vector<uint16_t> lengths(1'000'002, 20);
  std::vector<uint32_t> texts(kPackedNumbers);
  const std::vector<uint32_t> frequencies(kPackedNumbers, 2);
  float parts[kPackedNumbers];
  uint32_t first = 0;
  for (auto _ : state) {
    for (uint32_t i = 0; i < kPackedNumbers; ++i) texts[i] = (first + i * gap) % 1'000'000;
    first = (first + kPackedNumbers * gap) % 1'000'000;
    kernels.parts({3.0f, 0.3f, 0.04f}, texts.data(), frequencies.data(), kPackedNumbers, lengths.data(), parts);
    benchmark::DoNotOptimize(parts);
  }
  CountItems(state);
}

// One in `range` is kept.
void AtLeast(benchmark::State& state, const ScoreKernels& kernels) {
  std::vector<float> scores(kPackedNumbers);
  for (size_t i = 0; i < scores.size(); ++i) scores[i] = i % static_cast<size_t>(state.range(0)) == 0 ? 1.0f : 0.0f;
  std::vector<uint32_t> kept(kPackedNumbers + 16);
  for (auto _ : state) benchmark::DoNotOptimize(kernels.at_least(scores.data(), scores.size(), 0.5f, kept.data()));
  CountItems(state);
}

void BlockBound(benchmark::State& state) {
  std::string bytes;
  AppendImpacts({{1, 5}, {2, 9}, {3, 20}, {5, 31}}, &bytes);
  const Bm25Norm norm({}, 1000, 20'000);
  std::vector<Impact> impacts;
  for (auto _ : state) {
    std::string_view in = bytes;
    ReadImpacts(&in, &impacts);
    benchmark::DoNotOptimize(ImpactsBound(impacts, 3.0, norm));
  }
}
BENCHMARK(BlockBound);

const bool kRegistered = [] {
  for (const UnpackKernels& kernels : RunnableUnpackKernels()) {
    const std::string name(kernels.name);
    benchmark::RegisterBenchmark(("Unpack/" + name).c_str(), Unpack, kernels)->Arg(1)->Arg(3)->Arg(8)->Arg(17);
    benchmark::RegisterBenchmark(("UnpackSums/" + name).c_str(), UnpackSums, kernels)->Arg(1)->Arg(3)->Arg(8)->Arg(17);
  }
  for (const ScoreKernels& kernels : RunnableScoreKernels()) {
    const std::string name(kernels.name);
    benchmark::RegisterBenchmark(("Parts/" + name).c_str(), Parts, kernels)->Arg(1)->Arg(7)->Arg(100);
    benchmark::RegisterBenchmark(("AtLeast/" + name).c_str(), AtLeast, kernels)->Arg(2)->Arg(1000);
  }
  return true;
}();

}  // namespace
}  // namespace engram
