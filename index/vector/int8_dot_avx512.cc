// AVX-512 VNNI: vpdpbusd adds four products of an unsigned byte and a signed one to a 32-bit sum. Adding 128
// makes `a` unsigned; what that adds to the result, 128 times the sum of `b`, is summed beside and taken off.
#include "index/vector/int8_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define ENGRAM_AVX512 __attribute__((target("avx512f,avx512bw,avx512vnni")))

namespace engram {

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
  alignas(64) int32_t lanes[16];
  _mm512_store_si512(lanes, _mm512_sub_epi32(sum, excess));
  int32_t total = 0;
  for (const int32_t lane : lanes) total += lane;
  return total;
}

}  // namespace engram
#endif
