// The kernels behind DotInt8, one per instruction set; private to index/vector, its tests and benchmarks.
#pragma once

#include <string_view>
#include <vector>

#include "index/vector/int8_dot.h"

namespace engram {

struct DotInt8Kernel {
  std::string_view name;
  int32_t (*dot)(const int8_t* a, const int8_t* b, size_t n);
  // The same, told the sum of a query's codes; null where that is of no use.
  int32_t (*dot_query)(const int8_t* query, int32_t query_sum, const int8_t* codes, size_t n) = nullptr;
};

// Those that this processor runs, fastest first; the last is always the portable one.
std::vector<DotInt8Kernel> RunnableInt8Kernels();

#if defined(__x86_64__)
// REQUIRES: the processor has AVX2.
int32_t DotInt8Avx2(const int8_t* a, const int8_t* b, size_t n);
// REQUIRES: the processor has AVX-512F, BW and VNNI.
int32_t DotInt8Avx512Vnni(const int8_t* a, const int8_t* b, size_t n);
int32_t DotQueryAvx512Vnni(const int8_t* query, int32_t query_sum, const int8_t* codes, size_t n);
#endif

}  // namespace engram
