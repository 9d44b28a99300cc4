// AVX-512 VNNI: vpdpbusd adds four products of an unsigned byte and a signed one to a 32-bit sum. Adding 128
// makes `a` unsigned; what that adds to the result, 128 times the sum of `b`, is summed beside and taken off.
#include "index/vector/int8_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define ENGRAM_AVX512 __attribute__((target("avx512f,avx512bw,avx512vnni")))

namespace engram {

ENGRAM_AVX512 int32_t DotInt8Avx512Vnni(const int8_t* a, const int8_t* b, size_t n) {
  const __m512i offset = _mm512_set1_epi8(static_cast<char>(0x80));
  // Two chains of each, as a vpdpbusd has to wait for the one before it that adds to the same sums.
  __m512i sum[2] = {_mm512_setzero_si512(), _mm512_setzero_si512()};
  __m512i excess[2] = {sum[0], sum[0]};
  const auto add = [&](size_t i, size_t chain) ENGRAM_AVX512 {
    const __m512i va = _mm512_xor_si512(_mm512_loadu_si512(a + i), offset);
    const __m512i vb = _mm512_loadu_si512(b + i);
    sum[chain] = _mm512_dpbusd_epi32(sum[chain], va, vb);
    excess[chain] = _mm512_dpbusd_epi32(excess[chain], offset, vb);
  };
  size_t i = 0;
  for (; i + 128 <= n; i += 128) {
    add(i, 0);
    add(i + 64, 1);
  }
  if (i < n) add(i, 0);
  const __m512i lanes = _mm512_sub_epi32(_mm512_add_epi32(sum[0], sum[1]), _mm512_add_epi32(excess[0], excess[1]));
  alignas(64) __m128i quarters[4];
  _mm512_store_si512(quarters, lanes);
  __m128i four = _mm_add_epi32(_mm_add_epi32(quarters[0], quarters[1]), _mm_add_epi32(quarters[2], quarters[3]));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1));
  return _mm_cvtsi128_si32(four);
}

}  // namespace engram
#endif
