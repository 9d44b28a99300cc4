// Similarity of float vectors, with SIMD chosen at run time (AVX-512, AVX2 + FMA, portable).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace engram {

// As scores, higher is better: cosine and dot as they are, l2 as the negative Euclidean distance.
// Never renumber: namespace configurations store them.
enum class Metric : uint8_t { kCosine = 0, kDot = 1, kL2 = 2 };

std::string_view MetricName(Metric metric);

// Both are symmetric and take pointers of any alignment. The error against exact arithmetic is at most
// n * 2^-23 of the sum of the terms' magnitudes, as long as nothing leaves the range of a float; a sum
// that overflows is infinite or NaN.
float Dot(const float* a, const float* b, size_t n);
float SquaredL2(const float* a, const float* b, size_t n);

// The plain loops that the kernels are tested against.
float DotPortable(const float* a, const float* b, size_t n);
float SquaredL2Portable(const float* a, const float* b, size_t n);

// "avx512", "avx2" or "portable": what Dot and SquaredL2 run on here.
std::string_view DistanceKernel();

}  // namespace engram
