// AVX-512: sixteen postings at a time.
#include "index/text/score_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <bit>

// See index/vector/distance_avx2.cc for why this is an attribute and not a compiler flag.
#define ENGRAM_AVX512 __attribute__((target("avx512f")))

namespace engram {

ENGRAM_AVX512 void PartsAvx512(const PartFormula& formula, const uint32_t* texts, const uint32_t* frequencies, size_t n,
                               const uint16_t* lengths, float* parts) {
  const __m512 weight = _mm512_set1_ps(formula.weight);
  const __m512 base = _mm512_set1_ps(formula.base);
  const __m512 slope = _mm512_set1_ps(formula.slope);
  const __m512i low_half = _mm512_set1_epi32(0xFFFF);
  for (size_t i = 0; i < n; i += 16) {
    const __mmask16 there = n - i >= 16 ? __mmask16{0xFFFF} : static_cast<__mmask16>((1u << (n - i)) - 1);
    const __m512i at = _mm512_maskz_loadu_epi32(there, texts + i);
    const __m512i gathered = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), there, at, lengths, 2);
    const __m512 length = _mm512_cvtepi32_ps(_mm512_and_si512(gathered, low_half));
    const __m512 tf = _mm512_cvtepi32_ps(_mm512_maskz_loadu_epi32(there, frequencies + i));
    // As the other forms round: a sum of products is never one fused step.
    const __m512 scaled = _mm512_mul_round_ps(slope, length, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    const __m512 norm = _mm512_add_ps(_mm512_add_ps(tf, base), scaled);
    _mm512_mask_storeu_ps(parts + i, there, _mm512_div_ps(_mm512_mul_ps(weight, tf), norm));
  }
}

ENGRAM_AVX512 size_t AtLeastAvx512(const float* scores, size_t n, float least, uint32_t* kept) {
  const __m512 wanted = _mm512_set1_ps(least);
  const __m512i first = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  size_t count = 0;
  const auto keep16 = [&](size_t at, __mmask16 there) ENGRAM_AVX512 {
    const __m512 here = _mm512_maskz_loadu_ps(there, scores + at);
    const __mmask16 above = _mm512_mask_cmp_ps_mask(there, here, wanted, _CMP_GE_OQ);
    const __m512i numbers = _mm512_add_epi32(first, _mm512_set1_epi32(static_cast<int>(at)));
    _mm512_storeu_si512(kept + count, _mm512_maskz_compress_epi32(above, numbers));
    count += static_cast<size_t>(std::popcount(static_cast<uint32_t>(above)));
  };
  size_t i = 0;
  // Mostly all of the next 64 are below. Storing nothing, again and again, would be slow where a page ends.
  for (; i + 64 <= n; i += 64) {
    const __m512 a = _mm512_max_ps(_mm512_loadu_ps(scores + i), _mm512_loadu_ps(scores + i + 16));
    const __m512 b = _mm512_max_ps(_mm512_loadu_ps(scores + i + 32), _mm512_loadu_ps(scores + i + 48));
    if (_mm512_cmp_ps_mask(_mm512_max_ps(a, b), wanted, _CMP_GE_OQ) == 0) continue;
    for (size_t at = i; at < i + 64; at += 16) keep16(at, 0xFFFF);
  }
  for (; i + 16 <= n; i += 16) keep16(i, 0xFFFF);
  if (i < n) keep16(i, static_cast<__mmask16>((1u << (n - i)) - 1));
  return count;
}

}  // namespace engram
#endif
