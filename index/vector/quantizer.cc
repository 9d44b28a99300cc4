#include "index/vector/quantizer.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"
#include "index/vector/rounded_codes.h"

namespace engram {
namespace {

constexpr double kQuantile = 0.9995;
constexpr size_t kSampledComponents = size_t{1} << 20;

// Every `step`-th row, so that about kSampledComponents components are looked at.
size_t SampleStep(size_t rows, size_t dimensions) {
  const size_t sampled = std::max<size_t>(kSampledComponents / dimensions, 64);
  return std::max<size_t>(rows / sampled, 1);
}

// By component. Unlike the mean it stays where most rows are when a few are far away.
std::vector<float> Median(std::span<const float* const> rows, size_t step, size_t dimensions) {
  std::vector<float> median(dimensions);
  std::vector<float> values;
  for (size_t i = 0; i < dimensions; ++i) {
    values.clear();
    for (size_t row = 0; row < rows.size(); row += step) values.push_back(rows[row][i]);
    const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    median[i] = *middle;
  }
  return median;
}

// The value that a share of kQuantile lies below; the largest when that is zero, as it is when few components
// of sparse rows are not.
float Quantile(std::vector<float> magnitudes) {
  if (magnitudes.empty()) return 0;
  const auto rank = static_cast<size_t>(kQuantile * static_cast<double>(magnitudes.size() - 1));
  const auto place = magnitudes.begin() + static_cast<ptrdiff_t>(rank);
  std::nth_element(magnitudes.begin(), place, magnitudes.end());
  return *place > 0 ? *place : *std::max_element(place, magnitudes.end());
}

}  // namespace

Quantizer::Quantizer(const VectorSpace& space, float scale, double length_unit, std::vector<float> centre)
    : space_(space),
      code_bytes_(CodeBytes(space.dimensions())),
      scale_(scale),
      length_unit_(length_unit),
      centre_(std::move(centre)) {
  ENGRAM_CHECK(centre_.size() == (space.metric() == Metric::kL2 ? space.dimensions() : 0));
}

Quantizer Quantizer::Train(const VectorSpace& space, std::span<const float* const> rows) {
  ENGRAM_CHECK(!rows.empty());
  const size_t step = SampleStep(rows.size(), space.dimensions());
  std::vector<float> centre;
  if (space.metric() == Metric::kL2) centre = Median(rows, step, space.dimensions());
  Quantizer quantizer(space, 1, 1, std::move(centre));

  std::vector<float> direction(space.dimensions());
  std::vector<float> magnitudes;
  for (size_t row = 0; row < rows.size(); row += step) {
    if (quantizer.Direct(rows[row], direction.data()) == 0) continue;
    for (const float v : direction) magnitudes.push_back(std::fabs(v));
  }
  const float top = Quantile(std::move(magnitudes));
  quantizer.scale_ = top > 0 ? top / kCodeMax : 1;

  if (quantizer.has_lengths()) {
    double longest = 0;
    for (const float* row : rows) longest = std::max(longest, quantizer.Direct(row, direction.data()));
    if (longest > 0) quantizer.length_unit_ = longest;
  }
  return quantizer;
}

double Quantizer::Direct(const float* row, float* out) const {
  const size_t n = space_.dimensions();
  if (!has_lengths()) {
    std::copy_n(row, n, out);
    return 1;
  }
  // In double, where squares of neither the largest nor the smallest floats leave the range.
  double sum = 0;
  for (size_t i = 0; i < n; ++i) {
    const double v = double{row[i]} - (centre_.empty() ? 0.0 : double{centre_[i]});
    sum += v * v;
  }
  const double length = std::sqrt(sum);
  const double inverse = length > 0 ? 1 / length : 0;
  for (size_t i = 0; i < n; ++i) {
    out[i] = static_cast<float>((double{row[i]} - (centre_.empty() ? 0.0 : double{centre_[i]})) * inverse);
  }
  return length;
}

float Quantizer::Encode(const float* row, int8_t* codes) const {
  std::vector<float> direction(space_.dimensions());
  const double length = Direct(row, direction.data());
  RoundToCodes(direction.data(), scale_, direction.size(), codes);
  return static_cast<float>(length / length_unit_);
}

CodeQuery Quantizer::Prepare(const float* query) const {
  std::vector<float> direction(space_.dimensions());
  const double length = Direct(query, direction.data()) / length_unit_;
  std::vector<int8_t> codes(code_bytes_);
  RoundToCodes(direction.data(), scale_, direction.size(), codes.data());
  CodeQuery prepared;
  prepared.codes = Int8Query(std::move(codes));
  if (space_.metric() == Metric::kL2) {
    // Divided by the query's length where it is long, so that nothing leaves the range of a float.
    const double divisor = std::max(1.0, length);
    prepared.linear = static_cast<float>(2 * (length / divisor) * double{scale_} * double{scale_});
    prepared.square = static_cast<float>(1 / divisor);
  }
  return prepared;
}

float Quantizer::Distance(const int8_t* a, float a_length, const int8_t* b, float b_length) const {
  const auto dot = static_cast<float>(DotInt8(a, b, code_bytes_));
  switch (space_.metric()) {
    case Metric::kCosine: return -dot;
    case Metric::kDot: return -dot * a_length * b_length;
    case Metric::kL2:
      return a_length * a_length + b_length * b_length - 2 * scale_ * scale_ * dot * a_length * b_length;
  }
  ENGRAM_CHECK(false);
}

}  // namespace engram
