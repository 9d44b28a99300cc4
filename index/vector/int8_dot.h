// The inner product of int8 codes, with SIMD chosen at run time (AVX-512 VNNI, AVX2, portable).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

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

// One vector that many are compared with, which takes less each time.
class Int8Query {
 public:
  Int8Query() = default;
  // REQUIRES: as DotInt8.
  explicit Int8Query(std::vector<int8_t> codes);

  const std::vector<int8_t>& codes() const { return codes_; }
  // DotInt8 with as many codes of another.
  int32_t Dot(const int8_t* codes) const;

 private:
  std::vector<int8_t> codes_;
  int32_t sum_ = 0;
};

// The plain loop that the kernels are tested against.
int32_t DotInt8Portable(const int8_t* a, const int8_t* b, size_t n);

// "avx512vnni", "avx2" or "portable": what DotInt8 runs on here.
std::string_view Int8Kernel();

}  // namespace engram
