// BM25 as Lucene 9 defines it (Robertson & Zaragoza, "The Probabilistic Relevance Framework", 2009,
// without the constant factor k1 + 1). Pure functions, in double: every way to a score goes through
// these, so that all of them agree to the last bit.
#pragma once

#include <cmath>
#include <cstdint>

#include "index/text/text_index.h"

namespace engram {

// idf = ln(1 + (N - n + 0.5) / (n + 0.5)): above 0 for every n <= N.
inline double Bm25Idf(uint64_t texts, uint64_t texts_with_term) {
  const auto n = static_cast<double>(texts_with_term);
  return std::log(1.0 + (static_cast<double>(texts) - n + 0.5) / (n + 0.5));
}

// What the length of a text adds to its frequencies: k1 * (1 - b + b * |d| / avg).
class Bm25Norm {
 public:
  Bm25Norm(const Bm25Parameters& parameters, uint64_t texts, uint64_t length_total)
      : k1_(parameters.k1),
        b_(parameters.b),
        average_(texts == 0 ? 1.0 : static_cast<double>(length_total) / static_cast<double>(texts)) {}

  // The norm is base() + slope() * length, rounded another way.
  double base() const { return k1_ * (1.0 - b_); }
  double slope() const { return k1_ * b_ / average_; }

  double operator()(uint32_t length) const { return k1_ * (1.0 - b_ + b_ * static_cast<double>(length) / average_); }

 private:
  double k1_;
  double b_;
  double average_;
};

// weight * tf / (tf + norm), where weight is times * idf.
inline double Bm25Part(double weight, uint32_t frequency, double norm) {
  const auto tf = static_cast<double>(frequency);
  return weight * tf / (tf + norm);
}

}  // namespace engram
