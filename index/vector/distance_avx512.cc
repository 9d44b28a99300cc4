// AVX-512F: 16 floats an instruction, the tail by a masked load.
#include "index/vector/distance_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

// See distance_avx2.cc for why an attribute and no compiler flag.
#define ENGRAM_AVX512 __attribute__((target("avx512f")))

namespace engram {
namespace {

ENGRAM_AVX512 inline __m512 AddProduct(__m512 a, __m512 b, __m512 sum) { return _mm512_fmadd_ps(a, b, sum); }

ENGRAM_AVX512 inline __m512 AddSquare(__m512 a, __m512 b, __m512 sum) {
  const __m512 d = _mm512_sub_ps(a, b);
  return _mm512_fmadd_ps(d, d, sum);
}

ENGRAM_AVX512 inline __mmask16 TailMask(size_t rest) { return static_cast<__mmask16>((1u << rest) - 1); }

}  // namespace

ENGRAM_AVX512 float DotAvx512(const float* a, const float* b, size_t n) {
  __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
  size_t i = 0;
  for (; i + 64 <= n; i += 64) {
    s0 = AddProduct(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), s0);
    s1 = AddProduct(_mm512_loadu_ps(a + i + 16), _mm512_loadu_ps(b + i + 16), s1);
    s2 = AddProduct(_mm512_loadu_ps(a + i + 32), _mm512_loadu_ps(b + i + 32), s2);
    s3 = AddProduct(_mm512_loadu_ps(a + i + 48), _mm512_loadu_ps(b + i + 48), s3);
  }
  for (; i + 16 <= n; i += 16) s0 = AddProduct(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), s0);
  if (i < n) {
    const __mmask16 mask = TailMask(n - i);
    s1 = AddProduct(_mm512_maskz_loadu_ps(mask, a + i), _mm512_maskz_loadu_ps(mask, b + i), s1);
  }
  return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s0, s1), _mm512_add_ps(s2, s3)));
}

ENGRAM_AVX512 float SquaredL2Avx512(const float* a, const float* b, size_t n) {
  __m512 s0 = _mm512_setzero_ps(), s1 = s0, s2 = s0, s3 = s0;
  size_t i = 0;
  for (; i + 64 <= n; i += 64) {
    s0 = AddSquare(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), s0);
    s1 = AddSquare(_mm512_loadu_ps(a + i + 16), _mm512_loadu_ps(b + i + 16), s1);
    s2 = AddSquare(_mm512_loadu_ps(a + i + 32), _mm512_loadu_ps(b + i + 32), s2);
    s3 = AddSquare(_mm512_loadu_ps(a + i + 48), _mm512_loadu_ps(b + i + 48), s3);
  }
  for (; i + 16 <= n; i += 16) s0 = AddSquare(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i), s0);
  if (i < n) {
    const __mmask16 mask = TailMask(n - i);
    s1 = AddSquare(_mm512_maskz_loadu_ps(mask, a + i), _mm512_maskz_loadu_ps(mask, b + i), s1);
  }
  return _mm512_reduce_add_ps(_mm512_add_ps(_mm512_add_ps(s0, s1), _mm512_add_ps(s2, s3)));
}

}  // namespace engram
#endif
