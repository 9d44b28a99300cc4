// AVX-512 VNNI: vpdpbusd adds four products of an unsigned byte and a signed one to a 32-bit sum. Adding 128
// makes `a` unsigned; what that adds to the result, 128 times the sum of `b`, is summed beside and taken off.
#include "index/vector/int8_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define ENGRAM_AVX512 __attribute__((target("avx512f,avx512bw,avx512vnni")))

namespace engram {

namespace {

ENGRAM_AVX512 int32_t SumOfLanes(__m512i lanes) {
  alignas(64) __m128i quarters[4];
  _mm512_store_si512(quarters, lanes);
  __m128i four = _mm_add_epi32(_mm_add_epi32(quarters[0], quarters[1]), _mm_add_epi32(quarters[2], quarters[3]));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1));
  return _mm_cvtsi128_si32(four);
}

}  // namespace

ENGRAM_AVX512 int32_t DotInt8Avx512Vnni(const int8_t* a, const int8_t* b, size_t n) {
  const __m512i offset = _mm512_set1_epi8(static_cast<char>(0x80));
  __m512i sum = _mm512_setzero_si512();
  __m512i excess = sum;
  for (size_t i = 0; i < n; i += 64) {
    const __m512i va = _mm512_xor_si512(_mm512_loadu_si512(a + i), offset);
    const __m512i vb = _mm512_loadu_si512(b + i);
    sum = _mm512_dpbusd_epi32(sum, va, vb);
    excess = _mm512_dpbusd_epi32(excess, offset, vb);
  }
  return SumOfLanes(_mm512_sub_epi32(sum, excess));
}

// Here it is the other's codes that are made unsigned, so that the excess is known before.
ENGRAM_AVX512 int32_t DotQueryAvx512Vnni(const int8_t* query, int32_t query_sum, const int8_t* codes, size_t n) {
  const __m512i offset = _mm512_set1_epi8(static_cast<char>(0x80));
  // Two chains, as each vpdpbusd waits for the one before it that adds to the same sums.
  __m512i even = _mm512_setzero_si512();
  __m512i odd = even;
  size_t i = 0;
  for (; i + 128 <= n; i += 128) {
    even = _mm512_dpbusd_epi32(even, _mm512_xor_si512(_mm512_loadu_si512(codes + i), offset),
                               _mm512_loadu_si512(query + i));
    odd = _mm512_dpbusd_epi32(odd, _mm512_xor_si512(_mm512_loadu_si512(codes + i + 64), offset),
                              _mm512_loadu_si512(query + i + 64));
  }
  if (i < n) {
    even = _mm512_dpbusd_epi32(even, _mm512_xor_si512(_mm512_loadu_si512(codes + i), offset),
                               _mm512_loadu_si512(query + i));
  }
  return SumOfLanes(_mm512_add_epi32(even, odd)) - 128 * query_sum;
}

}  // namespace engram
#endif
