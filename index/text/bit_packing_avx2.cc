// AVX2: two rows of four lanes at a time. A row's numbers begin at one bit of all four lanes, so a row is
// one shift of one word, or of two where it crosses a word's end.
#include "index/text/bit_packing_kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <array>
#include <utility>

// See index/vector/distance_avx2.cc for why this is an attribute and not a compiler flag.
#define ENGRAM_AVX2 __attribute__((target("avx2")))

namespace engram {
namespace {

constexpr int kRows = 32;

ENGRAM_AVX2 inline __m128i Load(const char* in, int word) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(in) + word);
}

// Rows `row` and `row` + 1, the first in the lower half.
template <int kBits>
ENGRAM_AVX2 inline __attribute__((always_inline)) __m256i RowPair(const char* in, int row) {
  const int word_a = row * kBits / 32;
  const int word_b = (row + 1) * kBits / 32;
  const int shift_a = row * kBits % 32;
  const int shift_b = (row + 1) * kBits % 32;
  const __m256i low = word_a == word_b ? _mm256_broadcastsi128_si256(Load(in, word_a))
                                       : _mm256_set_m128i(Load(in, word_b), Load(in, word_a));
  __m256i pair = _mm256_srlv_epi32(low, _mm256_set_m128i(_mm_set1_epi32(shift_b), _mm_set1_epi32(shift_a)));
  const bool crosses_a = shift_a + kBits > 32;
  const bool crosses_b = shift_b + kBits > 32;
  if (crosses_a || crosses_b) {
    const __m128i none = _mm_setzero_si128();
    const __m256i high =
        _mm256_set_m128i(crosses_b ? Load(in, word_b + 1) : none, crosses_a ? Load(in, word_a + 1) : none);
    const __m256i left = _mm256_set_m128i(_mm_set1_epi32(32 - shift_b), _mm_set1_epi32(32 - shift_a));
    pair = _mm256_or_si256(pair, _mm256_sllv_epi32(high, left));
  }
  if constexpr (kBits < 32) pair = _mm256_and_si256(pair, _mm256_set1_epi32(static_cast<int>((1u << kBits) - 1)));
  return pair;
}

template <int kBits>
ENGRAM_AVX2 void Unpack(const char* in, uint32_t* numbers) {
#pragma GCC unroll 16
  for (int row = 0; row < kRows; row += 2) {
    const __m256i pair = kBits == 0 ? _mm256_setzero_si256() : RowPair<kBits>(in, row);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(numbers + 4 * row), pair);
  }
}

// `last` in every lane: what the sum so far is.
template <int kBits>
ENGRAM_AVX2 void UnpackSums(const char* in, uint32_t before, uint32_t* ascending) {
  __m256i last = _mm256_set1_epi32(static_cast<int>(before));
  const __m256i count = _mm256_setr_epi32(1, 2, 3, 4, 5, 6, 7, 8);
#pragma GCC unroll 16
  for (int row = 0; row < kRows; row += 2) {
    __m256i sums = count;
    if constexpr (kBits > 0) {
      __m256i pair = RowPair<kBits>(in, row);
      pair = _mm256_add_epi32(pair, _mm256_slli_si256(pair, 4));
      pair = _mm256_add_epi32(pair, _mm256_slli_si256(pair, 8));
      const __m256i first_half = _mm256_permute2x128_si256(pair, pair, 0x08);  // the lower half moved up
      pair = _mm256_add_epi32(pair, _mm256_shuffle_epi32(first_half, 0xFF));
      sums = _mm256_add_epi32(pair, count);
    }
    sums = _mm256_add_epi32(sums, last);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(ascending + 4 * row), sums);
    last = _mm256_permutevar8x32_epi32(sums, _mm256_set1_epi32(7));
  }
}

template <int... kBits>
constexpr auto UnpackTable(std::integer_sequence<int, kBits...>) {
  return std::array<void (*)(const char*, uint32_t*), sizeof...(kBits)>{Unpack<kBits>...};
}

template <int... kBits>
constexpr auto SumsTable(std::integer_sequence<int, kBits...>) {
  return std::array<void (*)(const char*, uint32_t, uint32_t*), sizeof...(kBits)>{UnpackSums<kBits>...};
}

constexpr auto kUnpack = UnpackTable(std::make_integer_sequence<int, 33>());
constexpr auto kSums = SumsTable(std::make_integer_sequence<int, 33>());

}  // namespace

void UnpackAvx2(const char* in, uint32_t bits, uint32_t* numbers) { kUnpack[bits](in, numbers); }

void UnpackAscendingAvx2(const char* in, uint32_t bits, uint32_t before, uint32_t* ascending) {
  kSums[bits](in, before, ascending);
}

}  // namespace engram
#endif
