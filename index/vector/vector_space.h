// What two vectors of a space mean to each other: dimensions, metric and the one arithmetic of all scores;
// private to index/vector and its benchmarks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "index/vector/distance.h"

namespace engram {

// A value; thread-safe.
//
// A prepared vector is `stride()` floats: normalised under cosine, as given otherwise, then zeros.
class VectorSpace {
 public:
  VectorSpace(uint32_t dimensions, Metric metric);

  uint32_t dimensions() const { return dimensions_; }
  Metric metric() const { return metric_; }
  // Floats from one row to the next: the dimensions rounded up to 64 bytes, so that every row starts a cache
  // line and kernels need no tail.
  size_t stride() const { return stride_; }
  bool operator==(const VectorSpace&) const = default;

  // Writes the first `dimensions()` floats of a prepared vector. REQUIRES: CheckVector is OK.
  void PrepareInto(std::span<const float> vector, float* out) const;
  std::vector<float> Prepare(std::span<const float> vector) const;

  // The similarity of two prepared vectors. Every score an index ever gives comes from here, so that equal
  // questions get equal bits. Never NaN.
  double Similarity(const float* a, const float* b) const;

 private:
  uint32_t dimensions_;
  Metric metric_;
  size_t stride_;
};

}  // namespace engram
