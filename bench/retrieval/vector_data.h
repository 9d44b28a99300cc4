// Vectors to measure with, their queries and the exact answers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "index/slot_set.h"
#include "index/vector/distance.h"

namespace engram::bench {

// Unit vectors, row by row.
class Vectors {
 public:
  Vectors(size_t rows, size_t dimensions) : dimensions_(dimensions), floats_(rows * dimensions) {}

  size_t rows() const { return floats_.size() / dimensions_; }
  size_t dimensions() const { return dimensions_; }
  std::span<float> Row(size_t row) { return {floats_.data() + row * dimensions_, dimensions_}; }
  std::span<const float> Row(size_t row) const { return {floats_.data() + row * dimensions_, dimensions_}; }

 private:
  size_t dimensions_;
  std::vector<float> floats_;
};

struct VectorSet {
  std::string name;
  Vectors rows;
  Vectors queries;
  // The group of each row and of each query's surroundings, for filters that are correlated with queries.
  std::vector<uint32_t> row_group;
  std::vector<uint32_t> query_group;
  uint32_t groups = 0;
};

// A mixture of 2,000 centres in a latent space of 40 dimensions, projected into `dimensions`, with noise; queries
// from the same law.
VectorSet MixtureVectors(uint64_t seed, size_t rows, size_t queries, size_t dimensions);

// Little-endian 32-bit floats without a header, scaled to unit length; all-zero rows and repeated ones are left out.
// Every n-th is kept back as a query. Groups are the nearest of 64 rows.
VectorSet FileVectors(const std::string& path, size_t dimensions, size_t queries);

// Rows of the k largest inner products of each query, among `allowed` of it (all where there is none).
std::vector<std::vector<uint32_t>> ExactNearest(const VectorSet& set, size_t k, const std::vector<SlotSet>& allowed);

}  // namespace engram::bench
