#include "index/text/sealed_postings.h"

#include <algorithm>
#include <cstring>
#include <iterator>

#include "index/text/block_search.h"
#include "index/text/varint_reader.h"

namespace engram {
namespace {

uint32_t Read32(const char* at) {
  uint32_t number;
  std::memcpy(&number, at, sizeof(number));
  return number;
}

uint64_t Read64(const char* at) {
  uint64_t number;
  std::memcpy(&number, at, sizeof(number));
  return number;
}

}  // namespace

SealedPostings::SealedPostings(std::string_view list, uint32_t count, uint32_t text_count)
    : list_(list), count_(count), text_count_(text_count) {
  if (count == 0) return;
  if (count < kBlockPostings) {
    VarintReader reader(list);
    const uint32_t bytes = reader.Next();
    damaged_ = !reader.ok() || bytes > reader.rest().size();
    positions_at_ = damaged_ ? 0 : static_cast<uint32_t>(list.size() - reader.rest().size()) + bytes;
    block_count_ = damaged_ ? 0 : 1;
    return;
  }
  const uint32_t blocks = (count - 1) / kBlockPostings + 1;
  const uint32_t supers = (blocks - 1) / kSuperBlocks + 1;
  const uint64_t directory = kHeaderBytes + uint64_t{blocks} * kEntryBytes + uint64_t{supers} * kSuperBytes;
  positions_at_ = list.size() < directory ? 0 : Read32(list.data());
  damaged_ = list.size() < directory || positions_at_ < directory || positions_at_ > list.size();
  if (damaged_) return;
  block_count_ = blocks;
  super_count_ = supers;
}

uint32_t SealedPostings::super_last(uint32_t i) const {
  return Read32(list_.data() + kHeaderBytes + size_t{block_count_} * kEntryBytes + size_t{i} * kSuperBytes);
}

uint32_t SealedPostings::BlockSize(uint32_t i) const {
  return i + 1 < block_count_ ? kBlockPostings : count_ - i * kBlockPostings;
}

std::string_view SealedPostings::From(uint32_t at) const {
  return at >= positions_at_ ? std::string_view() : list_.substr(at, positions_at_ - at);
}

uint32_t SealedPostings::FindBlock(uint32_t from, uint32_t ordinal) const {
  if (!is_long()) return from;
  uint32_t step = 1;
  while (from + step < block_count_ && block_last(from + step - 1) < ordinal) {
    from += step;
    step *= 2;
  }
  uint32_t end = std::min(from + step, block_count_);
  while (from < end) {
    const uint32_t middle = from + (end - from) / 2;
    if (block_last(middle) < ordinal) {
      from = middle + 1;
    } else {
      end = middle;
    }
  }
  return from;
}

void SealedPostings::ReadBlockImpacts(uint32_t i, std::vector<Impact>* impacts) const {
  std::string_view in = From(Entry32(i, 4));
  if (!in.empty()) in.remove_prefix(1);
  if (ReadImpacts(&in, impacts)) return;
  damaged_ = true;
  impacts->clear();
}

void SealedPostings::ReadSuperImpacts(uint32_t i, std::vector<Impact>* impacts) const {
  const char* super = list_.data() + kHeaderBytes + size_t{block_count_} * kEntryBytes + size_t{i} * kSuperBytes;
  std::string_view in = From(Read32(super + 4));
  if (ReadImpacts(&in, impacts)) return;
  damaged_ = true;
  impacts->clear();
}

std::string_view SealedPostings::BlockBody(uint32_t i) const {
  if (!is_long()) {
    VarintReader reader(list_);
    const uint32_t bytes = reader.Next();
    return reader.rest().substr(0, bytes);
  }
  const std::string_view in = From(Entry32(i, 4));
  const size_t impacts_bytes = in.empty() ? 0 : static_cast<uint8_t>(in[0]);
  return impacts_bytes < in.size() ? in.substr(1 + impacts_bytes) : std::string_view();
}

void SealedPostings::Damage(PostingBlock* block) const {
  damaged_ = true;
  block->size = 0;
  block->ordinals[0] = UINT32_MAX;
}

void SealedPostings::ReadTail(uint32_t i, std::string_view body, PostingBlock* block) const {
  VarintReader reader(body);
  uint64_t next = uint64_t{BlockBefore(i) + 1};
  for (uint32_t j = 0; j < block->size; ++j) {
    const uint32_t gap = reader.Next();
    next += gap >> 1;
    block->ordinals[j] = static_cast<uint32_t>(next);
    block->frequencies[j] = (gap & 1) != 0 ? 1 : reader.Next() + 2;
    if (next >= text_count_) return Damage(block);
    ++next;
  }
  if (!reader.ok()) Damage(block);
}

void SealedPostings::ReadOrdinals(uint32_t i, PostingBlock* block) const {
  block->size = BlockSize(i);
  std::fill(block->ordinals + block->size, std::end(block->ordinals), UINT32_MAX);
  const std::string_view body = BlockBody(i);
  if (block->size < kBlockPostings) return ReadTail(i, body, block);
  if (body.size() < 2) return Damage(block);
  const auto bits = static_cast<uint8_t>(body[0]);
  const auto frequency_bits = static_cast<uint8_t>(body[1]);
  if (bits > 32 || frequency_bits > 32 || body.size() < 2 + PackedBytes(bits) + PackedBytes(frequency_bits)) {
    return Damage(block);
  }
  UnpackAscending(body.data() + 2, bits, BlockBefore(i), block->ordinals);
  // Sums that went round 2^32 would pass the last check: they need gaps of 26 bits, so they are rare.
  const bool ascends = bits < 25 || std::is_sorted(block->ordinals, block->ordinals + kBlockPostings);
  const uint32_t last = block->ordinals[kBlockPostings - 1];
  if (last >= text_count_ || last != (is_long() ? block_last(i) : last) || !ascends) Damage(block);
}

void SealedPostings::ReadFrequencies(uint32_t i, PostingBlock* block) const {
  if (block->size < kBlockPostings) return;  // read with the ordinals, or damaged
  const std::string_view body = BlockBody(i);
  const auto gap_bits = static_cast<uint8_t>(body[0]);
  UnpackBlock(body.data() + 2 + PackedBytes(gap_bits), static_cast<uint8_t>(body[1]), block->frequencies);
  for (uint32_t& frequency : block->frequencies) ++frequency;
}

void SealedPostings::ReadPositions(uint32_t i, uint64_t before, uint32_t frequency,
                                   std::vector<uint32_t>* positions) const {
  positions->clear();
  const uint64_t at = uint64_t{positions_at_} + (is_long() ? Entry32(i, 8) : 0);
  if (at >= list_.size()) {
    damaged_ = true;
    return;
  }
  const auto bits = static_cast<uint8_t>(list_[at]);
  const uint64_t bytes = ((before + frequency) * bits + 7) / 8;
  if (bits > 32 || bytes > list_.size() - at - 1) {
    damaged_ = true;
    return;
  }
  const char* packed = list_.data() + at + 1;
  const uint64_t mask = (uint64_t{1} << bits) - 1;
  uint32_t position = UINT32_MAX;
  positions->resize(frequency);
  uint64_t bit = before * bits;
  for (uint32_t k = 0; k < frequency; ++k, bit += bits) {
    position += static_cast<uint32_t>(Read64(packed + bit / 8) >> (bit % 8) & mask) + 1;
    (*positions)[k] = position;
  }
}

void SealedCursor::Enter(uint32_t block) {
  block_number_ = block;
  at_ = 0;
  has_frequencies_ = false;
  summed_ = 0;
  frequency_sum_ = 0;
  block_.size = 0;
  block_.ordinals[0] = UINT32_MAX;
  if (block < postings_.block_count()) postings_.ReadOrdinals(block, &block_);
}

void SealedCursor::ReadFrequencies() {
  postings_.ReadFrequencies(block_number_, &block_);
  has_frequencies_ = true;
}

void SealedCursor::SeekOn(uint32_t ordinal) {
  if (block_.ordinals[block_.size - 1] < ordinal) {
    Enter(postings_.is_long() ? postings_.FindBlock(block_number_ + 1, ordinal) : 1);
    if (block_.ordinals[0] >= ordinal) return;
  }
  at_ = ChosenBlockSearchKernels().below(block_.ordinals, ordinal);
}

void SealedCursor::Positions(std::vector<uint32_t>* positions) {
  const PostingBlock& decoded = block();
  for (; summed_ < at_; ++summed_) frequency_sum_ += decoded.frequencies[summed_];
  postings_.ReadPositions(block_number_, frequency_sum_, decoded.frequencies[at_], positions);
}

}  // namespace engram
