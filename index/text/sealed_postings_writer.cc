#include <algorithm>
#include <bit>

#include "base/check.h"
#include "base/coding.h"
#include "index/text/sealed_postings.h"

namespace engram {
namespace {

// Lists reach 4 GiB; a namespace has at most 2^32 slots, of which one list packs some 2^33 at the very most.
uint32_t Offset(size_t bytes) {
  ENGRAM_CHECK(bytes <= UINT32_MAX);
  return static_cast<uint32_t>(bytes);
}

void AppendPacked(const std::vector<uint32_t>& numbers, uint32_t bits, std::string* out) {
  const size_t at = out->size();
  out->resize(at + PackedBytes(bits));
  PackBlock(numbers.data(), bits, out->data() + at);
}

}  // namespace

void SealedPostingsWriter::Add(uint32_t ordinal, uint32_t frequency, uint32_t length, const uint32_t* positions) {
  if (ordinals_.size() == kBlockPostings) EndBlock();
  ENGRAM_CHECK(ordinal < kSealedTextsMax);
  ENGRAM_CHECK(count_ == 0 || ordinal > (ordinals_.empty() ? before_ : ordinals_.back()));
  ordinals_.push_back(ordinal);
  frequencies_.push_back(frequency);
  position_gaps_.push_back(positions[0]);
  for (uint32_t i = 1; i < frequency; ++i) position_gaps_.push_back(positions[i] - positions[i - 1] - 1);
  block_impacts_.Add({frequency, length});
  super_impacts_.Add({frequency, length});
  ++count_;
}

void SealedPostingsWriter::AppendTail() {
  for (size_t i = 0; i < ordinals_.size(); ++i) {
    const uint64_t gap = uint32_t{ordinals_[i] - (i == 0 ? before_ : ordinals_[i - 1]) - 1};
    AppendVarint(&blocks_, gap << 1 | (frequencies_[i] == 1 ? 1 : 0));
    if (frequencies_[i] > 1) AppendVarint(&blocks_, frequencies_[i] - 2);
  }
}

void SealedPostingsWriter::AppendPositions() {
  uint32_t all = 0;
  for (const uint32_t gap : position_gaps_) all |= gap;
  const auto bits = static_cast<uint32_t>(std::bit_width(all));
  positions_.push_back(static_cast<char>(bits));
  uint64_t waiting = 0;
  uint32_t waiting_bits = 0;
  for (const uint32_t gap : position_gaps_) {
    waiting |= uint64_t{gap} << waiting_bits;
    for (waiting_bits += bits; waiting_bits >= 8; waiting_bits -= 8, waiting >>= 8) {
      positions_.push_back(static_cast<char>(waiting));
    }
  }
  if (waiting_bits > 0) positions_.push_back(static_cast<char>(waiting));
  position_gaps_.clear();
}

void SealedPostingsWriter::EndBlock() {
  entries_.push_back({ordinals_.back(), Offset(blocks_.size()), Offset(positions_.size())});
  const size_t impacts_at = blocks_.size();
  blocks_.push_back(0);
  AppendImpacts(block_impacts_.impacts(), &blocks_);
  blocks_[impacts_at] = static_cast<char>(blocks_.size() - impacts_at - 1);
  block_impacts_.Clear();
  if (ordinals_.size() < kBlockPostings) {
    AppendTail();
  } else {
    std::vector<uint32_t> numbers(kBlockPostings);
    for (size_t i = 0; i < kBlockPostings; ++i) numbers[i] = ordinals_[i] - (i == 0 ? before_ : ordinals_[i - 1]) - 1;
    for (uint32_t& frequency : frequencies_) --frequency;
    const uint32_t gap_bits = PackedBits(numbers.data());
    const uint32_t frequency_bits = PackedBits(frequencies_.data());
    blocks_.push_back(static_cast<char>(gap_bits));
    blocks_.push_back(static_cast<char>(frequency_bits));
    AppendPacked(numbers, gap_bits, &blocks_);
    AppendPacked(frequencies_, frequency_bits, &blocks_);
  }
  before_ = ordinals_.back();
  AppendPositions();
  ordinals_.clear();
  frequencies_.clear();
  if (entries_.size() % kSuperBlocks == 0) EndSuper();
}

void SealedPostingsWriter::EndSuper() {
  supers_.push_back({before_, Offset(impacts_of_supers_.size())});
  AppendImpacts(super_impacts_.impacts(), &impacts_of_supers_);
  super_impacts_.Clear();
}

void SealedPostingsWriter::Finish(std::string* out) {
  ENGRAM_CHECK(count_ > 0);
  if (count_ < kBlockPostings) {
    AppendTail();
    AppendPositions();
    AppendVarint(out, blocks_.size());
    out->append(blocks_).append(positions_);
  } else {
    if (!ordinals_.empty()) EndBlock();
    if (entries_.size() % kSuperBlocks != 0) EndSuper();
    const size_t blocks_at = 4 + 12 * entries_.size() + 8 * supers_.size();
    const size_t impacts_at = blocks_at + blocks_.size();
    AppendFixed32(out, Offset(impacts_at + impacts_of_supers_.size()));
    for (const Entry& entry : entries_) {
      AppendFixed32(out, entry.last);
      AppendFixed32(out, Offset(blocks_at + entry.block_at));
      AppendFixed32(out, entry.positions_at);
    }
    for (const Super& super : supers_) {
      AppendFixed32(out, super.last);
      AppendFixed32(out, Offset(impacts_at + super.impacts_at));
    }
    out->append(blocks_).append(impacts_of_supers_).append(positions_);
  }
  Clear();
}

void SealedPostingsWriter::Clear() {
  count_ = 0;
  before_ = UINT32_MAX;
  ordinals_.clear();
  frequencies_.clear();
  position_gaps_.clear();
  block_impacts_.Clear();
  super_impacts_.Clear();
  entries_.clear();
  supers_.clear();
  blocks_.clear();
  impacts_of_supers_.clear();
  positions_.clear();
}

}  // namespace engram
