// Vectors to measure with, their queries and the exact answers.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "index/slot_set.h"
#include "index/vector/distance.h"

namespace engram::bench {

// Unit vectors, row by row, in memory that is never copied: anonymous but shared, so that it counts as no engine's own,
// or a mapped file.
class Vectors {
 public:
  Vectors(size_t rows, size_t dimensions);
  // A new file of zeros. A failure ends the program, here and below.
  static Vectors Create(const std::string& path, size_t rows, size_t dimensions);
  // What the file holds, to read only.
  static Vectors Map(const std::string& path, size_t dimensions);

  size_t rows() const { return rows_; }
  size_t dimensions() const { return dimensions_; }
  std::span<float> Row(size_t row) { return {floats_.get() + row * dimensions_, dimensions_}; }
  std::span<const float> Row(size_t row) const { return {floats_.get() + row * dimensions_, dimensions_}; }

 private:
  // Of the whole file, or of none where it is -1.
  Vectors(int file, int protection, size_t rows, size_t dimensions);

  size_t rows_;
  size_t dimensions_;
  std::shared_ptr<float[]> floats_;
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

// Harder to search the larger it is: neighbours are then less nearer than others.
constexpr size_t kLatentDimensions = 40;

// A mixture of 2,000 centres in a latent space, projected into `dimensions`, with noise; queries from the same law.
// With a folder, rows and queries are files in it.
VectorSet MixtureVectors(uint64_t seed, size_t rows, size_t queries, size_t dimensions,
                         size_t latent = kLatentDimensions, const std::string& folder = "");

// Little-endian 32-bit floats without a header, scaled to unit length; all-zero rows and repeated ones are left out.
// Every n-th is kept back as a query. Groups are the nearest of 64 rows.
VectorSet FileVectors(const std::string& path, size_t dimensions, size_t queries);

// Rows of the k largest inner products of each query, among `allowed` of it (all where there is none).
std::vector<std::vector<uint32_t>> ExactNearest(const VectorSet& set, size_t k, const std::vector<SlotSet>& allowed);

}  // namespace engram::bench
