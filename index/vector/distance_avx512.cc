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

ENGRAM_AVX512 inline float Sum(__m512 a, __m512 b, __m512 c, __m512 d) {
  alignas(64) float lanes[16];
  _mm512_store_ps(lanes, _mm512_add_ps(_mm512_add_ps(a, b), _mm512_add_ps(c, d)));
  const __m256 eight = _mm256_add_ps(_mm256_load_ps(lanes), _mm256_load_ps(lanes + 8));
  __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  four = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(four, _mm_movehdup_ps(four)));
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
  return Sum(s0, s1, s2, s3);
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
  return Sum(s0, s1, s2, s3);
}

}  // namespace engram
#endif
