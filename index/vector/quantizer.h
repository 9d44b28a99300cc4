// Vectors as int8 codes of their directions, and scores from codes alone: near enough to choose candidates
// that are scored exactly afterwards; private to index/vector and its benchmarks.
//
// A vector x becomes (r, c): its length r = |x - m| and the codes c of its direction, each component divided
// by one scale s and rounded. s is the 0.9995 quantile of components' magnitudes over 127: what lies beyond is
// cut off, which costs less than the resolution that outliers would take from all others. Lengths are kept
// apart, so that short vectors beside long ones lose no precision under dot and l2. m is the median under l2
// (distances don't change when everything moves), zero otherwise.
//
//   cosine  x.y ~ s^2 c.c'            dot  x.y ~ r r' s^2 c.c'
//   l2      |x - y|^2 ~ r^2 + r'^2 - 2 r r' s^2 c.c'
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "index/vector/int8_dot.h"
#include "index/vector/vector_space.h"

namespace engram {

// What a query is compared with codes by: higher scores are nearer. Scores of one query order rows; they mean
// nothing beyond it.
struct CodeQuery {
  Int8Query codes;
  // score = (linear * dot - square * length) * length, of a row's dot with the query and its length.
  float linear = 1;
  float square = 0;
};

// A value; thread-safe.
class Quantizer {
 public:
  // Learns scale, centre and longest length from prepared rows, at least one.
  static Quantizer Train(const VectorSpace& space, std::span<const float* const> rows);
  // One that was trained before. REQUIRES: as many components as the space under l2, none otherwise.
  Quantizer(const VectorSpace& space, float scale, double length_unit, std::vector<float> centre);

  size_t code_bytes() const { return code_bytes_; }
  // Under cosine all lengths are 1 and nobody stores them.
  bool has_lengths() const { return space_.metric() != Metric::kCosine; }
  float scale() const { return scale_; }
  double length_unit() const { return length_unit_; }
  const std::vector<float>& centre() const { return centre_; }

  // Fills `code_bytes()` codes and returns the length, in units of the longest that was trained on.
  float Encode(const float* row, int8_t* codes) const;
  CodeQuery Prepare(const float* query) const;

  // The distance of two encoded rows, lower is nearer: what a graph is built by.
  float Distance(const int8_t* a, float a_length, const int8_t* b, float b_length) const;

 private:
  // The direction of a row into `out` (dimensions), and its length.
  double Direct(const float* row, float* out) const;

  VectorSpace space_;
  size_t code_bytes_;
  float scale_;
  double length_unit_;
  std::vector<float> centre_;
};

inline float CodeScore(const CodeQuery& query, const int8_t* codes) {
  return static_cast<float>(query.codes.Dot(codes));
}

inline float CodeScore(const CodeQuery& query, const int8_t* codes, float length) {
  const auto dot = static_cast<float>(query.codes.Dot(codes));
  return (query.linear * dot - query.square * length) * length;
}

}  // namespace engram
