#include "index/vector/row_codes.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "index/vector/rounded_codes.h"

namespace engram {
namespace {

// Up, past what double sums and the conversion to float may have lost.
float RoundedUp(double value) {
  return std::nextafter(static_cast<float>(value * (1 + 1e-9)), std::numeric_limits<float>::infinity());
}

}  // namespace

CodedRow EncodeRow(const VectorSpace& space, const float* row, int8_t* codes) {
  const size_t n = space.dimensions();
  float largest = 0;
  for (size_t i = 0; i < n; ++i) largest = std::max(largest, std::fabs(row[i]));
  CodedRow coded;
  coded.scale = largest / kCodeMax;
  RoundToCodes(row, coded.scale, n, codes);
  double squares = 0;
  double rests = 0;
  for (size_t i = 0; i < n; ++i) {
    const double value = row[i];
    const double rest = value - double{coded.scale} * codes[i];
    squares += value * value;
    rests += rest * rest;
  }
  coded.length = RoundedUp(std::sqrt(squares));
  coded.rest = RoundedUp(std::sqrt(rests));
  return coded;
}

// distance.h states what float sums may be off by.
BoundingQuery::BoundingQuery(const VectorSpace& space, const float* query)
    : space_(space),
      rounding_(static_cast<double>(space.stride()) * 0x1p-23),
      underflow_(static_cast<double>(space.stride()) * std::numeric_limits<float>::denorm_min()) {
  std::vector<int8_t> codes(CodeBytes(space.dimensions()));
  query_ = EncodeRow(space, query, codes.data());
  codes_ = Int8Query(std::move(codes));
  coded_length_ = double{query_.length} + double{query_.rest};
}

double BoundingQuery::Bound(const CodedRow& row, const int8_t* codes) const {
  const double dot = codes_.Dot(codes);
  const double length = row.length;
  const double lengths = double{query_.length} * length;
  const double product =
      double{query_.scale} * double{row.scale} * dot + coded_length_ * double{row.rest} + double{query_.rest} * length;
  if (space_.metric() != Metric::kL2) return product + rounding_ * lengths + underflow_;
  // Lengths are less than half a millionth above the true ones, so this is below |q - x|^2.
  constexpr double kLess = 1 - 1e-6;
  const double squares = kLess * (double{query_.length} * double{query_.length} + length * length);
  const double squared = std::max(0.0, squares - 2 * product);
  return -std::sqrt(std::max(0.0, squared * (1 - rounding_) - underflow_));
}

}  // namespace engram
