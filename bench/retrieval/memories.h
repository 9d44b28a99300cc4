// Memories to load a server with and questions to ask it: vectors of MixtureVectors, texts of 20 pronounceable words
// by Zipf's law, two metadata fields. Equal seeds give equal memories on every machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bench/retrieval/vector_data.h"
#include "engram/v1/memory.pb.h"
#include "engram/v1/search.pb.h"

namespace engram::bench {

enum class QueryKind : uint8_t { kText, kVector, kHybrid };
std::string_view QueryKindName(QueryKind kind);

// Immutable, so thread-safe.
class MemorySet {
 public:
  MemorySet(uint64_t seed, size_t rows, size_t queries, size_t dimensions);

  size_t rows() const { return vectors_.rows.rows(); }
  size_t queries() const { return vectors_.queries.rows(); }
  size_t dimensions() const { return vectors_.rows.dimensions(); }
  const VectorSet& vectors() const { return vectors_; }

  // Its id is the number of the row; metadata.topic is one of 100 integers, metadata.source one of five words.
  v1::Memory Make(size_t row) const;
  // One row in a hundred has a word of its own at the end of its text.
  static bool IsMarked(size_t row) { return row % 100 == 0; }
  static std::string MarkOf(size_t row);

  // Top 10 of held-out query `query`: its vector, or five words by the same law, or both.
  v1::SearchRequest Ask(QueryKind kind, size_t query) const;
  // The memory's own vector, or the word that marks it.
  v1::SearchRequest AskForVector(size_t row) const;
  static v1::SearchRequest AskForMark(size_t row);
  // Those with metadata.topic below `topics`, so that `topics` per cent pass.
  static void OnlyTopicsBelow(int64_t topics, v1::SearchRequest* request);

 private:
  std::string Text(uint64_t seed, size_t words) const;

  const uint64_t seed_;
  const VectorSet vectors_;
  std::vector<std::string> words_;  // by falling frequency
};

std::vector<std::string> IdsOf(const v1::SearchReply& reply);
// The row of each id. REQUIRES: the hits are of a MemorySet.
std::vector<uint32_t> RowsOf(const v1::SearchReply& reply);

}  // namespace engram::bench
