// The inner product of int8 codes, with SIMD chosen at run time (AVX-512 VNNI, AVX2, portable).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace engram {

// Codes are stored in multiples of this many bytes, the rest zero, so that kernels need no tail.
constexpr size_t kCodeAlignment = 64;
constexpr int kCodeMax = 127;

inline size_t CodeBytes(size_t dimensions) {
  return (dimensions + kCodeAlignment - 1) / kCodeAlignment * kCodeAlignment;
}

// Exact, so equal on every processor. Pointers of any alignment.
// REQUIRES: n is a multiple of 64 and at most 2^16; codes are in [-127, 127].
int32_t DotInt8(const int8_t* a, const int8_t* b, size_t n);

// The plain loop that the kernels are tested against.
int32_t DotInt8Portable(const int8_t* a, const int8_t* b, size_t n);

// "avx512vnni", "avx2" or "portable": what DotInt8 runs on here.
std::string_view Int8Kernel();

}  // namespace engram
