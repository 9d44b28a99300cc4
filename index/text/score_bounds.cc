#include "index/text/score_bounds.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace engram {
namespace {

constexpr uint32_t kBlocksMax = 6;  // bounded one by one

}  // namespace

ListBounds::ListBounds(const TextSegment& segment, const SealedPostings& postings, double weight, const Bm25Norm& norm)
    : postings_(postings), weight_(weight), norm_(&norm) {
  if (postings_.block_count() == 0) return;
  if (!postings_.is_long()) {
    PostingBlock block;
    postings_.ReadOrdinals(0, &block);
    if (block.size == 0) return;
    last_ = block.ordinals[block.size - 1];
    for (uint32_t i = 0; i < block.size; ++i) {
      const Impact exact{block.frequencies[i], segment.text_length(block.ordinals[i])};
      max_ = std::max(max_, ImpactBound(exact, weight_, *norm_));
    }
    return;
  }
  last_ = postings_.block_last(postings_.block_count() - 1);
  for (uint32_t i = 0; i < postings_.super_count(); ++i) {
    postings_.ReadSuperImpacts(i, &impacts_);
    supers_.push_back(ImpactsBound(impacts_, weight_, *norm_));
    max_ = std::max(max_, supers_.back());
  }
}

float ListBounds::BlockMax(uint32_t block) {
  if (cached_block_ == block) return cached_;
  postings_.ReadBlockImpacts(block, &impacts_);
  cached_block_ = block;
  cached_ = ImpactsBound(impacts_, weight_, *norm_);
  return cached_;
}

float ListBounds::Max(uint32_t begin, uint32_t end) {
  if (begin > last_ || max_ == 0) return 0;
  if (!postings_.is_long()) return max_;
  block_ = postings_.FindBlock(block_, begin);
  const uint32_t blocks_end = std::min(block_ + kBlocksMax, postings_.block_count());
  // Many blocks: coarser bounds are quicker.
  if (blocks_end < postings_.block_count() && postings_.block_last(blocks_end - 1) < end - 1) {
    return CoarseMax(begin, end);
  }
  float max = 0;
  for (uint32_t i = block_; i < blocks_end; ++i) {
    max = std::max(max, BlockMax(i));
    if (postings_.block_last(i) >= end - 1) break;
  }
  return max;
}

float ListBounds::CoarseMax(uint32_t begin, uint32_t end) {
  if (begin > last_ || max_ == 0) return 0;
  if (!postings_.is_long()) return max_;
  while (super_ + 1 < postings_.super_count() && postings_.super_last(super_) < begin) ++super_;
  float max = supers_[super_];
  for (uint32_t super = super_; postings_.super_last(super) < end - 1 && ++super < postings_.super_count();) {
    max = std::max(max, supers_[super]);
  }
  return max;
}

uint32_t ListBounds::Near(uint32_t begin) {
  if (begin > last_ || max_ == 0) return UINT32_MAX;
  block_ = postings_.FindBlock(block_, begin);
  return block_ == 0 ? begin : std::max(begin, postings_.block_last(block_ - 1) + 1);
}

float ListBounds::SuperMax(uint32_t begin, uint32_t* end) {
  if (begin > last_ || max_ == 0) return 0;
  if (!postings_.is_long()) {
    *end = std::min(*end, last_ + 1);
    return max_;
  }
  block_ = postings_.FindBlock(block_, begin);
  const uint32_t super = block_ / kSuperBlocks;
  *end = std::min(*end, postings_.super_last(super) + 1);
  return supers_[super];
}

uint32_t ListBounds::BlockEnd(uint32_t begin) {
  if (begin > last_ || max_ == 0) return UINT32_MAX;
  if (!postings_.is_long()) return last_ + 1;
  block_ = postings_.FindBlock(block_, begin);
  return postings_.block_last(block_) + 1;
}

std::vector<uint32_t> ListBounds::BestBlocks(size_t count) {
  std::vector<uint32_t> blocks(postings_.block_count());
  std::iota(blocks.begin(), blocks.end(), 0);
  if (blocks.size() <= count) return blocks;
  const auto super = static_cast<uint32_t>(std::max_element(supers_.begin(), supers_.end()) - supers_.begin());
  const uint32_t begin = super * kSuperBlocks;
  const uint32_t end = std::min(begin + kSuperBlocks, postings_.block_count());
  std::vector<std::pair<float, uint32_t>> bounded;
  for (uint32_t block = begin; block < end; ++block) bounded.emplace_back(-BlockMax(block), block);
  count = std::min(count, bounded.size());
  std::partial_sort(bounded.begin(), bounded.begin() + static_cast<ptrdiff_t>(count), bounded.end());
  blocks.clear();
  for (size_t i = 0; i < count; ++i) blocks.push_back(bounded[i].second);
  std::sort(blocks.begin(), blocks.end());
  return blocks;
}

}  // namespace engram
