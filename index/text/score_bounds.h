// What a clause may add to a score at the most, for stretches of a sealed part's texts. Confined to one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "index/text/bm25.h"
#include "index/text/sealed_postings.h"
#include "index/text/text_segment.h"

namespace engram {

// Of one list. Bounds are asked for in ascending stretches.
class ListBounds {
 public:
  ListBounds(const TextSegment& segment, const SealedPostings& postings, double weight, const Bm25Norm& norm);

  // At least every part of a text in [begin, end). REQUIRES: `begin` not before an earlier one.
  float Max(uint32_t begin, uint32_t end);
  // The same, more loosely and at once.
  float CoarseMax(uint32_t begin, uint32_t end);
  // The same over all of the up to 32 blocks around `begin`; `*end` is lowered to where they end.
  float SuperMax(uint32_t begin, uint32_t* end);
  // Over the whole list.
  float max() const { return max_; }

  // At or before the next text of the list at or behind `begin`; UINT32_MAX when there is none. REQUIRES: it is long.
  uint32_t Near(uint32_t begin);
  // Where the block of `begin` ends: after its last text. UINT32_MAX where there is no more.
  uint32_t BlockEnd(uint32_t begin);
  // Up to `count` blocks, ascending: all there are, or those with the highest bounds among the 32 of the highest.
  std::vector<uint32_t> BestBlocks(size_t count);

 private:
  float BlockMax(uint32_t block);

  SealedPostings postings_;
  double weight_;
  const Bm25Norm* norm_;
  std::vector<float> supers_;
  float max_ = 0;
  uint32_t last_ = 0;   // the list's last text
  uint32_t block_ = 0;  // the first that ends at or behind the last `begin`
  uint32_t super_ = 0;  // of the last CoarseMax: the same
  uint32_t cached_block_ = UINT32_MAX;
  float cached_ = 0;
  std::vector<Impact> impacts_;
};

}  // namespace engram
