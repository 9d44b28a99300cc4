// What all systems are loaded with and asked: rows with texts, vectors and a number to filter by, questions with both.
//
// A prepared folder holds vectors.f32 and queries.f32 (rows of little-endian floats), texts.jsonl ({"id","text",…} a
// line), queries.jsonl ({"text"} a line, paired with queries.f32) and meta.json ({"rows","dimensions","queries",
// "metric":"cosine","source"}).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "bench/compare/peer.h"
#include "bench/retrieval/vector_data.h"

namespace engram::compare {

using Rows = std::vector<uint32_t>;
using Truth = std::vector<Rows>;  // of each query, the best first

// Immutable, so thread-safe.
class DataSet final : public Records {
 public:
  // At most `rows_max` rows and `queries_max` queries of the folder. InvalidArgument names what is wrong with a file.
  static Result<std::unique_ptr<DataSet>> Read(const std::string& folder, size_t rows_max, size_t queries_max);
  // Vectors around 2,000 centres, texts of 20 words by Zipf's law; the same on every machine.
  static std::unique_ptr<DataSet> Generate(size_t rows, size_t queries, size_t dimensions);

  const std::string& name() const { return name_; }
  const std::string& source() const { return source_; }
  size_t size() const override { return texts_.size(); }
  size_t queries() const { return query_texts_.size(); }
  size_t dimensions() const { return vectors_.rows.dimensions(); }

  Record At(size_t row) const override;
  std::span<const float> QueryVector(size_t query) const { return vectors_.queries.Row(query % queries()); }
  const std::string& QueryText(size_t query) const { return query_texts_[query % queries()]; }

  // By brute force, of the first `count` queries over the rows with u below the limit, if there is one.
  Truth Nearest(size_t count, std::optional<uint32_t> u_below) const;

 private:
  DataSet(std::string name, std::string source, bench::VectorSet vectors);

  const std::string name_;
  const std::string source_;
  bench::VectorSet vectors_;
  std::vector<std::string> texts_;
  std::vector<std::string> query_texts_;
};

// The number of a row to filter by: random in [0, 10,000), the same for every system and on every machine.
uint32_t FilterNumberOf(uint64_t row);

}  // namespace engram::compare
