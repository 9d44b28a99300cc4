// AVX2 + FMA: 8 floats an instruction, four sums in flight to cover the latency of a fused multiply-add.
#include "index/vector/distance_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

// The attribute stands for -mavx2 -mfma on these functions alone, so that nothing else in the binary,
// inline functions of shared headers least of all, may use what the processor might lack.
#define ENGRAM_AVX2 __attribute__((target("avx2,fma")))

namespace engram {
namespace {

ENGRAM_AVX2 inline float Sum(__m256 a, __m256 b, __m256 c, __m256 d) {
  const __m256 eight = _mm256_add_ps(_mm256_add_ps(a, b), _mm256_add_ps(c, d));
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
}

ENGRAM_AVX2 inline __m256 AddProduct(const float* a, const float* b, __m256 sum) {
  return _mm256_fmadd_ps(_mm256_loadu_ps(a), _mm256_loadu_ps(b), sum);
}

ENGRAM_AVX2 inline __m256 AddSquare(const float* a, const float* b, __m256 sum) {
  const __m256 d = _mm256_sub_ps(_mm256_loadu_ps(a), _mm256_loadu_ps(b));
  return _mm256_fmadd_ps(d, d, sum);
}

}  // namespace

ENGRAM_AVX2 float DotAvx2(const float* a, const float* b, size_t n) {
  __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
  size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    s0 = AddProduct(a + i, b + i, s0);
    s1 = AddProduct(a + i + 8, b + i + 8, s1);
    s2 = AddProduct(a + i + 16, b + i + 16, s2);
    s3 = AddProduct(a + i + 24, b + i + 24, s3);
  }
  for (; i + 8 <= n; i += 8) s0 = AddProduct(a + i, b + i, s0);
  float sum = Sum(s0, s1, s2, s3);
  for (; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

ENGRAM_AVX2 float SquaredL2Avx2(const float* a, const float* b, size_t n) {
  __m256 s0 = _mm256_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
  size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    s0 = AddSquare(a + i, b + i, s0);
    s1 = AddSquare(a + i + 8, b + i + 8, s1);
    s2 = AddSquare(a + i + 16, b + i + 16, s2);
    s3 = AddSquare(a + i + 24, b + i + 24, s3);
  }
  for (; i + 8 <= n; i += 8) s0 = AddSquare(a + i, b + i, s0);
  float sum = Sum(s0, s1, s2, s3);
  for (; i < n; ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

}  // namespace engram
#endif
