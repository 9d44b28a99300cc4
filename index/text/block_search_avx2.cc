// AVX2: a block in sixteen registers.
#include "index/text/block_search.h"

#if defined(__x86_64__)
#include <immintrin.h>

// See index/vector/distance_avx2.cc for why this is an attribute and not a compiler flag.
#define ENGRAM_AVX2 __attribute__((target("avx2")))

namespace engram {
namespace {

constexpr int kRegisters = static_cast<int>(kPackedNumbers) / 8;

ENGRAM_AVX2 inline __m256i Load(const uint32_t* block, int i) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(block) + i);
}

ENGRAM_AVX2 inline uint32_t Sum(__m256i lanes) {
  __m128i sum = _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0x4E));
  sum = _mm_add_epi32(sum, _mm_shuffle_epi32(sum, 0xB1));
  return static_cast<uint32_t>(_mm_cvtsi128_si32(sum));
}

}  // namespace

ENGRAM_AVX2 uint32_t BelowAvx2(const uint32_t* block, uint32_t ordinal) {
  const __m256i wanted = _mm256_set1_epi32(static_cast<int>(ordinal));
  __m256i not_below = _mm256_setzero_si256();  // negative, by lane
#pragma GCC unroll 16
  for (int i = 0; i < kRegisters; ++i) {
    const __m256i ordinals = Load(block, i);
    not_below = _mm256_add_epi32(not_below, _mm256_cmpeq_epi32(_mm256_max_epu32(ordinals, wanted), ordinals));
  }
  return static_cast<uint32_t>(kPackedNumbers) + Sum(not_below);
}

ENGRAM_AVX2 size_t CommonAvx2(const uint32_t* block, const uint32_t* texts, size_t n, uint32_t* found,
                              uint32_t* places) {
  const __m256i first = _mm256_setr_epi32(1, 2, 3, 4, 5, 6, 7, 8);
  size_t count = 0;
  for (size_t i = 0; i < n; ++i) {
    const __m256i wanted = _mm256_set1_epi32(static_cast<int>(texts[i]));
    // Its place and one more in the lane where it stands.
    __m256i place = _mm256_setzero_si256();
#pragma GCC unroll 16
    for (int j = 0; j < kRegisters; ++j) {
      const __m256i number = _mm256_add_epi32(first, _mm256_set1_epi32(8 * j));
      place = _mm256_or_si256(place, _mm256_and_si256(_mm256_cmpeq_epi32(Load(block, j), wanted), number));
    }
    const uint32_t behind = Sum(place);
    found[count] = static_cast<uint32_t>(i);
    places[count] = behind - 1;
    count += behind != 0 ? 1 : 0;
  }
  return count;
}

}  // namespace engram
#endif
