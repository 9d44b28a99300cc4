// AVX-512: a block in eight registers.
#include "index/text/block_search.h"

#if defined(__x86_64__)
#include <immintrin.h>

// See index/vector/distance_avx2.cc for why this is an attribute and not a compiler flag.
#define ENGRAM_AVX512 __attribute__((target("avx512f,popcnt")))

namespace engram {
namespace {

constexpr int kRegisters = static_cast<int>(kPackedNumbers) / 16;

}  // namespace

ENGRAM_AVX512 uint32_t BelowAvx512(const uint32_t* block, uint32_t ordinal) {
  const __m512i wanted = _mm512_set1_epi32(static_cast<int>(ordinal));
  int below = 0;
#pragma GCC unroll 8
  for (int i = 0; i < kRegisters; ++i) {
    below += __builtin_popcount(_mm512_cmplt_epu32_mask(_mm512_loadu_si512(block + 16 * i), wanted));
  }
  return static_cast<uint32_t>(below);
}

ENGRAM_AVX512 size_t CommonAvx512(const uint32_t* block, const uint32_t* texts, size_t n, uint32_t* found,
                                  uint32_t* places) {
  const __m512i first = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
  size_t count = 0;
  for (size_t i = 0; i < n; ++i) {
    const __m512i wanted = _mm512_set1_epi32(static_cast<int>(texts[i]));
    __m512i place = _mm512_set1_epi32(-1);  // in the lane where it stands
#pragma GCC unroll 8
    for (int j = 0; j < kRegisters; ++j) {
      const __mmask16 here = _mm512_cmpeq_epi32_mask(_mm512_loadu_si512(block + 16 * j), wanted);
      place = _mm512_mask_mov_epi32(place, here, _mm512_add_epi32(first, _mm512_set1_epi32(16 * j)));
    }
    const __mmask16 stands = _mm512_cmpge_epi32_mask(place, _mm512_setzero_si512());
    const __m512i front = _mm512_maskz_compress_epi32(stands, place);
    found[count] = static_cast<uint32_t>(i);
    places[count] = static_cast<uint32_t>(_mm_cvtsi128_si32(_mm512_castsi512_si128(front)));
    count += stands != 0 ? 1 : 0;
  }
  return count;
}

}  // namespace engram
#endif
