#include "index/vector/vector_space.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace engram {
namespace {

constexpr size_t kFloatsPerLine = 64 / sizeof(float);

// Where floats overflow, which finite components can make a sum of products do. Doubles can't then.
double DotInDouble(const float* a, const float* b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += double{a[i]} * double{b[i]};
  return sum;
}

double SquaredL2InDouble(const float* a, const float* b, size_t n) {
  double sum = 0;
  for (size_t i = 0; i < n; ++i) sum += (double{a[i]} - double{b[i]}) * (double{a[i]} - double{b[i]});
  return sum;
}

}  // namespace

VectorSpace::VectorSpace(uint32_t dimensions, Metric metric)
    : dimensions_(dimensions),
      metric_(metric),
      stride_((dimensions + kFloatsPerLine - 1) / kFloatsPerLine * kFloatsPerLine) {}

void VectorSpace::PrepareInto(std::span<const float> vector, float* out) const {
  ENGRAM_CHECK(vector.size() == dimensions_);
  if (metric_ != Metric::kCosine) {
    std::copy(vector.begin(), vector.end(), out);
    return;
  }
  // In double: the squares of neither the largest nor the smallest floats leave its range.
  double sum = 0;
  for (const float v : vector) sum += double{v} * double{v};
  const double norm = std::sqrt(sum);
  ENGRAM_CHECK(norm > 0);
  for (size_t i = 0; i < vector.size(); ++i) out[i] = static_cast<float>(vector[i] / norm);
}

std::vector<float> VectorSpace::Prepare(std::span<const float> vector) const {
  std::vector<float> prepared(stride_, 0.0F);
  PrepareInto(vector, prepared.data());
  return prepared;
}

double VectorSpace::Similarity(const float* a, const float* b) const {
  if (metric_ == Metric::kL2) {
    const float squared = SquaredL2(a, b, stride_);
    return -std::sqrt(std::isfinite(squared) ? double{squared} : SquaredL2InDouble(a, b, stride_));
  }
  const float dot = Dot(a, b, stride_);
  return std::isfinite(dot) ? double{dot} : DotInDouble(a, b, stride_);
}

}  // namespace engram
