// The kernels behind Dot and SquaredL2, one set per instruction set; private to index/vector and its tests.
#pragma once

#include <string_view>
#include <vector>

#include "index/vector/distance.h"

namespace engram {

struct DistanceKernels {
  std::string_view name;
  float (*dot)(const float* a, const float* b, size_t n);
  float (*squared_l2)(const float* a, const float* b, size_t n);
};

// Those that this processor runs, fastest first; the last is always the portable one.
std::vector<DistanceKernels> RunnableKernels();

#if defined(__x86_64__)
// REQUIRES: the processor has AVX2 and FMA.
float DotAvx2(const float* a, const float* b, size_t n);
float SquaredL2Avx2(const float* a, const float* b, size_t n);
// REQUIRES: the processor has AVX-512F.
float DotAvx512(const float* a, const float* b, size_t n);
float SquaredL2Avx512(const float* a, const float* b, size_t n);
#endif

}  // namespace engram
