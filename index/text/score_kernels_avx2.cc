// AVX2: eight postings at a time.
#include "index/text/score_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <array>
#include <bit>

// See index/vector/distance_avx2.cc for why this is an attribute and not a compiler flag.
#define ENGRAM_AVX2 __attribute__((target("avx2")))

namespace engram {
namespace {

// For each mask of eight: the numbers of its bits, in order, a byte each.
constexpr std::array<uint64_t, 256> kBitNumbers = [] {
  std::array<uint64_t, 256> numbers{};
  for (uint32_t mask = 0; mask < 256; ++mask) {
    uint32_t at = 0;
    for (uint64_t bit = 0; bit < 8; ++bit) {
      if ((mask >> bit & 1) != 0) numbers[mask] |= bit << (8 * at++);
    }
  }
  return numbers;
}();

}  // namespace

ENGRAM_AVX2 void PartsAvx2(const PartFormula& formula, const uint32_t* texts, const uint32_t* frequencies, size_t n,
                           const uint16_t* lengths, float* parts) {
  const __m256 weight = _mm256_set1_ps(formula.weight);
  const __m256 base = _mm256_set1_ps(formula.base);
  const __m256 slope = _mm256_set1_ps(formula.slope);
  const __m256i low_half = _mm256_set1_epi32(0xFFFF);
  size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    const __m256i at = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(texts + i));
    const __m256i gathered = _mm256_i32gather_epi32(reinterpret_cast<const int*>(lengths), at, 2);
    const __m256 length = _mm256_cvtepi32_ps(_mm256_and_si256(gathered, low_half));
    const __m256i tfs = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(frequencies + i));
    const __m256 tf = _mm256_cvtepi32_ps(tfs);
    const __m256 norm = _mm256_add_ps(_mm256_add_ps(tf, base), _mm256_mul_ps(slope, length));
    _mm256_storeu_ps(parts + i, _mm256_div_ps(_mm256_mul_ps(weight, tf), norm));
  }
  PartsPortable(formula, texts + i, frequencies + i, n - i, lengths, parts + i);
}

ENGRAM_AVX2 size_t AtLeastAvx2(const float* scores, size_t n, float least, uint32_t* kept) {
  const __m256 wanted = _mm256_set1_ps(least);
  size_t count = 0;
  size_t i = 0;
  const auto keep8 = [&](size_t at) ENGRAM_AVX2 {
    const __m256 above = _mm256_cmp_ps(_mm256_loadu_ps(scores + at), wanted, _CMP_GE_OQ);
    const auto mask = static_cast<uint32_t>(_mm256_movemask_ps(above));
    const __m256i numbers = _mm256_cvtepu8_epi32(_mm_cvtsi64_si128(static_cast<int64_t>(kBitNumbers[mask])));
    const __m256i first = _mm256_set1_epi32(static_cast<int>(at));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(kept + count), _mm256_add_epi32(numbers, first));
    count += static_cast<size_t>(std::popcount(mask));
  };
  // Mostly all of the next 32 are below.
  for (; i + 32 <= n; i += 32) {
    const __m256 a = _mm256_max_ps(_mm256_loadu_ps(scores + i), _mm256_loadu_ps(scores + i + 8));
    const __m256 b = _mm256_max_ps(_mm256_loadu_ps(scores + i + 16), _mm256_loadu_ps(scores + i + 24));
    if (_mm256_movemask_ps(_mm256_cmp_ps(_mm256_max_ps(a, b), wanted, _CMP_GE_OQ)) == 0) continue;
    for (size_t at = i; at < i + 32; at += 8) keep8(at);
  }
  for (; i + 8 <= n; i += 8) keep8(i);
  for (; i < n; ++i) {
    kept[count] = static_cast<uint32_t>(i);
    count += scores[i] >= least;
  }
  return count;
}

}  // namespace engram
#endif
