// Floats to int8 codes; private to index/vector.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "index/vector/int8_dot.h"

namespace engram {

// Each of `n` values divided by `scale`, rounded to the nearest (halves to even) and cut off at kCodeMax; then zeros up
// to CodeBytes(n). All are zeros where the scale is, or is too small to divide by.
inline void RoundToCodes(const float* values, float scale, size_t n, int8_t* codes) {
  // Added to a float below 2^22, it leaves the nearest integer in the lowest bits: a loop of vector instructions,
  // which a call of lrintf for each value is not.
  constexpr float kToInteger = 0x1.8p23F;
  const float inverse = std::isfinite(1 / scale) ? 1 / scale : 0;
  for (size_t i = 0; i < n; ++i) {
    const float code = std::min(std::max(values[i] * inverse, float{-kCodeMax}), float{kCodeMax});
    codes[i] = static_cast<int8_t>((code + kToInteger) - kToInteger);
  }
  std::fill(codes + n, codes + CodeBytes(n), int8_t{0});
}

}  // namespace engram
