#include "index/vector/passing_links.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace engram {
namespace {

uint32_t PassingLinksPortable(const uint32_t* links, const RowBits& bits) {
  uint32_t mask = 0;
  for (uint32_t i = 0; i < kGraphLinks0 && links[i] != kNoLink; ++i) {
    const uint32_t bit = (bits.slots != nullptr ? bits.slots[links[i]] : bits.first + links[i]) - bits.origin;
    mask |= static_cast<uint32_t>(bits.words[bit / 64] >> (bit % 64) & 1) << i;
  }
  return mask;
}

const PassingKernel& Chosen() {
  static const PassingKernel kChosen = RunnablePassingKernels().front();
  return kChosen;
}

}  // namespace

std::vector<PassingKernel> RunnablePassingKernels() {
  std::vector<PassingKernel> kernels;
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) kernels.push_back({"avx512", PassingLinksAvx512});
  if (__builtin_cpu_supports("avx2")) kernels.push_back({"avx2", PassingLinksAvx2});
#endif
  kernels.push_back({"portable", PassingLinksPortable});
  return kernels;
}

uint32_t PassingLinks(const uint32_t* links, const RowBits& bits) { return Chosen().mask(links, bits); }

#if defined(__x86_64__)

// These functions alone may use what the processor might lack. Words of 32 bits are gathered, of which a little-endian
// machine has two in each of ours; lanes without a link are not read.

__attribute__((target("avx512f"))) uint32_t PassingLinksAvx512(const uint32_t* links, const RowBits& bits) {
  const __m512i none = _mm512_set1_epi32(-1);
  const __m512i shift = _mm512_set1_epi32(static_cast<int>((bits.slots != nullptr ? 0 : bits.first) - bits.origin));
  uint32_t mask = 0;
  for (uint32_t i = 0; i < kGraphLinks0; i += 16) {
    __m512i rows = _mm512_loadu_si512(links + i);
    const __mmask16 there = _mm512_cmpneq_epi32_mask(rows, none);
    if (bits.slots != nullptr) rows = _mm512_mask_i32gather_epi32(none, there, rows, bits.slots, 4);
    const __m512i bit = _mm512_add_epi32(rows, shift);
    const __m512i words = _mm512_mask_i32gather_epi32(_mm512_setzero_si512(), there,
                                                      _mm512_maskz_srli_epi32(there, bit, 5), bits.words, 4);
    const __m512i wanted =
        _mm512_maskz_sllv_epi32(there, _mm512_set1_epi32(1), _mm512_and_si512(bit, _mm512_set1_epi32(31)));
    mask |= uint32_t{_mm512_test_epi32_mask(words, wanted)} << i;
  }
  return mask;
}

__attribute__((target("avx2"))) uint32_t PassingLinksAvx2(const uint32_t* links, const RowBits& bits) {
  const __m256i none = _mm256_set1_epi32(-1);
  const __m256i shift = _mm256_set1_epi32(static_cast<int>((bits.slots != nullptr ? 0 : bits.first) - bits.origin));
  uint32_t mask = 0;
  for (uint32_t i = 0; i < kGraphLinks0; i += 8) {
    __m256i rows = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(links + i));
    const __m256i there = _mm256_xor_si256(_mm256_cmpeq_epi32(rows, none), none);
    if (bits.slots != nullptr) {
      rows = _mm256_mask_i32gather_epi32(none, reinterpret_cast<const int*>(bits.slots), rows, there, 4);
    }
    const __m256i bit = _mm256_add_epi32(rows, shift);
    const __m256i words = _mm256_mask_i32gather_epi32(_mm256_setzero_si256(), reinterpret_cast<const int*>(bits.words),
                                                      _mm256_srli_epi32(bit, 5), there, 4);
    const __m256i up =
        _mm256_sllv_epi32(words, _mm256_sub_epi32(_mm256_set1_epi32(31), _mm256_and_si256(bit, _mm256_set1_epi32(31))));
    mask |= static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(up))) << i;
  }
  return mask;
}

#endif

}  // namespace engram
