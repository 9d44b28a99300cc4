#include "index/vector/distance.h"

#include <array>

#include "base/check.h"
#include "index/vector/distance_kernels.h"

namespace engram {
namespace {

// Independent sums: the processor overlaps them, and the rounding error grows with n / kLanes only.
constexpr size_t kLanes = 16;

float Sum(const std::array<float, kLanes>& lanes) {
  float pairs[kLanes / 2];
  for (size_t i = 0; i < kLanes / 2; ++i) pairs[i] = lanes[i] + lanes[i + kLanes / 2];
  return ((pairs[0] + pairs[4]) + (pairs[1] + pairs[5])) + ((pairs[2] + pairs[6]) + (pairs[3] + pairs[7]));
}

const DistanceKernels& Chosen() {
  static const DistanceKernels kChosen = RunnableKernels().front();
  return kChosen;
}

}  // namespace

std::string_view MetricName(Metric metric) {
  switch (metric) {
    case Metric::kCosine: return "cosine";
    case Metric::kDot: return "dot";
    case Metric::kL2: return "l2";
  }
  ENGRAM_CHECK(false);
}

float DotPortable(const float* a, const float* b, size_t n) {
  std::array<float, kLanes> lanes{};
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] += a[i + lane] * b[i + lane];
  }
  for (size_t lane = 0; i < n; ++i, ++lane) lanes[lane] += a[i] * b[i];
  return Sum(lanes);
}

float SquaredL2Portable(const float* a, const float* b, size_t n) {
  std::array<float, kLanes> lanes{};
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) {
      const float d = a[i + lane] - b[i + lane];
      lanes[lane] += d * d;
    }
  }
  for (size_t lane = 0; i < n; ++i, ++lane) {
    const float d = a[i] - b[i];
    lanes[lane] += d * d;
  }
  return Sum(lanes);
}

std::vector<DistanceKernels> RunnableKernels() {
  std::vector<DistanceKernels> kernels;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) kernels.push_back({"avx512", DotAvx512, SquaredL2Avx512});
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
    kernels.push_back({"avx2", DotAvx2, SquaredL2Avx2});
  }
#endif
  kernels.push_back({"portable", DotPortable, SquaredL2Portable});
  return kernels;
}

float Dot(const float* a, const float* b, size_t n) { return Chosen().dot(a, b, n); }
float SquaredL2(const float* a, const float* b, size_t n) { return Chosen().squared_l2(a, b, n); }
std::string_view DistanceKernel() { return Chosen().name; }

}  // namespace engram
