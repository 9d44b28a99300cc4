// What a few bytes of a row say about its similarity to a query: a bound above it, never below; so that a scan which
// wants the best few looks at a quarter of the bytes and still misses nothing. Private to index/vector.
//
// A row x is a scale times int8 codes plus a rest, x = s c + r; so is a query, q = t d + u. With the lengths of rests
// known, Cauchy and Schwarz bound what the codes leave open:
//
//   q.x <= s t c.d + |q - u| |r| + |u| |x|
#pragma once

#include <cstdint>

#include "index/vector/int8_dot.h"
#include "index/vector/vector_space.h"

namespace engram {

// Beside a row's codes.
struct CodedRow {
  float scale = 0;
  float length = 0;  // at least |x|
  float rest = 0;    // at least |r|
};

// Fills CodeBytes(dimensions) codes of a prepared row.
CodedRow EncodeRow(const VectorSpace& space, const float* row, int8_t* codes);

// A query that rows' codes are compared with. Confined to one search.
class BoundingQuery {
 public:
  // REQUIRES: `query` is prepared; `space` outlives this.
  BoundingQuery(const VectorSpace& space, const float* query);

  // At least VectorSpace::Similarity of the query and the row, its rounding included. NaN where numbers are too large
  // to tell.
  double Bound(const CodedRow& row, const int8_t* codes) const;

 private:
  const VectorSpace& space_;
  CodedRow query_;
  double coded_length_;  // |q - u|
  double rounding_;      // what a float sum may be off by, of the sum of its terms' magnitudes
  double underflow_;     // and where terms are too small for a float
  Int8Query codes_;
};

}  // namespace engram
