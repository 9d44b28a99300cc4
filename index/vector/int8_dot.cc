#include "index/vector/int8_dot.h"

#include <numeric>
#include <utility>

#include "index/vector/int8_kernels.h"

namespace engram {
namespace {

const DotInt8Kernel& Chosen() {
  static const DotInt8Kernel kChosen = RunnableInt8Kernels().front();
  return kChosen;
}

}  // namespace

int32_t DotInt8Portable(const int8_t* a, const int8_t* b, size_t n) {
  int32_t sum = 0;
  for (size_t i = 0; i < n; ++i) sum += int32_t{a[i]} * int32_t{b[i]};
  return sum;
}

std::vector<DotInt8Kernel> RunnableInt8Kernels() {
  std::vector<DotInt8Kernel> kernels;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vnni")) {
    kernels.push_back({"avx512vnni", DotInt8Avx512Vnni, DotQueryAvx512Vnni});
  }
  if (__builtin_cpu_supports("avx2")) kernels.push_back({"avx2", DotInt8Avx2});
#endif
  kernels.push_back({"portable", DotInt8Portable});
  return kernels;
}

int32_t DotInt8(const int8_t* a, const int8_t* b, size_t n) { return Chosen().dot(a, b, n); }

Int8Query::Int8Query(std::vector<int8_t> codes)
    : codes_(std::move(codes)), sum_(std::accumulate(codes_.begin(), codes_.end(), int32_t{0})) {}

int32_t Int8Query::Dot(const int8_t* codes) const {
  const DotInt8Kernel& kernel = Chosen();
  if (kernel.dot_query != nullptr) return kernel.dot_query(codes_.data(), sum_, codes, codes_.size());
  return kernel.dot(codes_.data(), codes, codes_.size());
}

std::string_view Int8Kernel() { return Chosen().name; }

}  // namespace engram
