// How near a query's rows are, by codes or by floats: what scans and walks are written over; private to
// index/vector and its benchmarks. Scores of one scorer order rows; exact ones come from VectorSpace alone.
#pragma once

#include <cstdint>

#include "index/vector/quantizer.h"
#include "index/vector/vector_space.h"

namespace engram {

constexpr size_t kCacheLineBytes = 64;

inline void PrefetchBytes(const void* begin, size_t n) {
  for (size_t at = 0; at < n; at += kCacheLineBytes) __builtin_prefetch(static_cast<const char*>(begin) + at);
}

// Into the second-level cache alone, which can wait for many more lines at once.
inline void PrefetchFarBytes(const void* begin, size_t n) {
  constexpr int kRead = 0;
  constexpr int kSecondLevel = 2;
  for (size_t at = 0; at < n; at += kCacheLineBytes) {
    __builtin_prefetch(static_cast<const char*>(begin) + at, kRead, kSecondLevel);
  }
}

// Without lengths, which is cosine, a score is the integer product.
template <bool kLengths>
class CodeScorer {
 public:
  CodeScorer(const CodeQuery& query, const int8_t* codes, const float* lengths)
      : query_(query), codes_(codes), lengths_(lengths), code_bytes_(query.codes.codes().size()) {}

  float operator()(uint32_t row) const {
    const int8_t* codes = codes_ + row * code_bytes_;
    if constexpr (kLengths) return CodeScore(query_, codes, lengths_[row]);
    return CodeScore(query_, codes);
  }

  void Prefetch(uint32_t row) const {
    PrefetchBytes(codes_ + row * code_bytes_, code_bytes_);
    if constexpr (kLengths) __builtin_prefetch(lengths_ + row);
  }
  // Long before it is scored.
  void PrefetchFar(uint32_t row) const { PrefetchFarBytes(codes_ + row * code_bytes_, code_bytes_); }

 private:
  const CodeQuery& query_;
  const int8_t* codes_;
  const float* lengths_;
  size_t code_bytes_;
};

class FloatScorer {
 public:
  FloatScorer(const VectorSpace& space, const float* query, const float* rows)
      : space_(space), query_(query), rows_(rows) {}

  float operator()(uint32_t row) const {
    return static_cast<float>(space_.Similarity(query_, rows_ + row * space_.stride()));
  }
  // The first lines; the processor's own prefetcher follows with the rest.
  void Prefetch(uint32_t row) const {
    const size_t row_bytes = space_.stride() * sizeof(float);
    PrefetchBytes(rows_ + row * space_.stride(), row_bytes < 512 ? row_bytes : 512);
  }
  void PrefetchFar(uint32_t row) const {
    PrefetchFarBytes(rows_ + row * space_.stride(), space_.stride() * sizeof(float));
  }

 private:
  const VectorSpace& space_;
  const float* query_;
  const float* rows_;
};

}  // namespace engram
