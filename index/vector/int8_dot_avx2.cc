// AVX2: vpmaddubsw multiplies an unsigned byte by a signed one, so the sign of `a` moves over to `b`. Two
// products of at most 127 x 127 fit its 16-bit sums, which is why codes never hold -128.
#include "index/vector/int8_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

// As in distance_avx2.cc: these functions alone may use what the processor might lack.
#define ENGRAM_AVX2 __attribute__((target("avx2")))

namespace engram {
namespace {

ENGRAM_AVX2 inline __m256i Load(const int8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }

ENGRAM_AVX2 inline __m256i AddProducts(const int8_t* a, const int8_t* b, __m256i sum) {
  const __m256i va = Load(a);
  const __m256i pairs = _mm256_maddubs_epi16(_mm256_abs_epi8(va), _mm256_sign_epi8(Load(b), va));
  return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}

}  // namespace

ENGRAM_AVX2 int32_t DotInt8Avx2(const int8_t* a, const int8_t* b, size_t n) {
  __m256i s0 = _mm256_setzero_si256(), s1 = s0;
  for (size_t i = 0; i < n; i += 64) {
    s0 = AddProducts(a + i, b + i, s0);
    s1 = AddProducts(a + i + 32, b + i + 32, s1);
  }
  const __m256i eight = _mm256_add_epi32(s0, s1);
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1));
  return _mm_cvtsi128_si32(four);
}

}  // namespace engram
#endif
