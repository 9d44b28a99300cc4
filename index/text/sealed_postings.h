// One term's postings as bytes: 128 a block, packed, with what lets a search skip blocks.
//
//   list       := short | long                       short when it has less than 128 postings
//   short      := postings_bytes:varint tail positions
//   long       := positions_at:u32 entry[blocks] super[ceil(blocks / 32)]
//                 (impacts_bytes:u8 impacts block)[blocks] impacts[ceil(blocks / 32)] positions[blocks]
//   entry      := last_ordinal:u32 block_at:u32 positions_at:u32      block_at: of its impacts_bytes
//   super      := last_ordinal:u32 impacts_at:u32                     of up to 32 blocks
//   block      := gap_bits:u8 frequency_bits:u8 packed(gaps) packed(frequencies - 1) | tail for the last one
//   tail       := (2 * gap + (frequency = 1):varint (frequency - 2:varint)?)*
//   gap        := ordinal - ordinal before - 1, over the whole list; the first one's is its ordinal
//   positions  := bits:u8, then for each posting its first position and the gaps - 1 to the next ones, all of
//                 `bits` bits, least significant first, padded to a byte
//
// packed() is that of bit_packing.h, impacts those of impacts.h. Offsets count from the list's first byte,
// positions_at of an entry from the list's positions. A list may be followed by 8 bytes that belong to others
// (kSealedPostingsSlack): reading positions looks at them. On-disk: docs/formats.md, "Text segment".
//
// Bytes that aren't such a list end the walk early and are remembered by damaged(); nothing is read outside
// of the list and its slack, and no ordinal at or above text_count comes out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "index/text/bit_packing.h"
#include "index/text/impacts.h"

namespace engram {

constexpr uint32_t kBlockPostings = kPackedNumbers;
constexpr uint32_t kSuperBlocks = 32;
constexpr uint32_t kSealedTextsMax = uint32_t{1} << 31;
constexpr size_t kBlockImpactsMax = 6;
constexpr size_t kSuperImpactsMax = 12;
constexpr size_t kSealedPostingsSlack = 8;

// Writes one list after the other. Confined to one thread.
class SealedPostingsWriter {
 public:
  // REQUIRES: ordinals ascend within a list and are below kSealedTextsMax; `positions` are `frequency` many and ascend.
  void Add(uint32_t ordinal, uint32_t frequency, uint32_t length, const uint32_t* positions);
  uint32_t count() const { return count_; }
  // Appends the list added since the last Finish. REQUIRES: it isn't empty.
  void Finish(std::string* out);

 private:
  struct Entry {
    uint32_t last;
    uint32_t block_at;
    uint32_t positions_at;
  };
  struct Super {
    uint32_t last;
    uint32_t impacts_at;
  };

  void EndBlock();
  void EndSuper();
  void Clear();
  void AppendTail();
  void AppendPositions();

  uint32_t count_ = 0;
  uint32_t before_ = UINT32_MAX;  // the last ordinal of the blocks that ended
  std::vector<uint32_t> ordinals_;
  std::vector<uint32_t> frequencies_;
  std::vector<uint32_t> position_gaps_;
  ImpactSet block_impacts_{kBlockImpactsMax};
  ImpactSet super_impacts_{kSuperImpactsMax};
  std::vector<Entry> entries_;
  std::vector<Super> supers_;
  std::string blocks_;
  std::string impacts_of_supers_;
  std::string positions_;
};

// A block's postings, decoded; aligned for kernels.
struct PostingBlock {
  alignas(64) uint32_t ordinals[kBlockPostings + 16];  // behind the last one stand numbers above all ordinals
  uint32_t frequencies[kBlockPostings];
  uint32_t size = 0;
};

// A view of one list; the bytes must outlive it. Confined to one thread.
class SealedPostings {
 public:
  SealedPostings() = default;
  // `count`: its postings. `text_count`: above every ordinal.
  SealedPostings(std::string_view list, uint32_t count, uint32_t text_count);

  uint32_t count() const { return count_; }
  // Short lists are one block.
  uint32_t block_count() const { return block_count_; }
  uint32_t super_count() const { return super_count_; }
  bool is_long() const { return super_count_ > 0; }
  bool damaged() const { return damaged_; }

  // REQUIRES: is_long(), i < block_count().
  uint32_t block_last(uint32_t i) const { return Entry32(i, 0); }
  // The first block from `from` on that ends at or behind `ordinal`, or block_count(). Fast where it is near.
  uint32_t FindBlock(uint32_t from, uint32_t ordinal) const;
  // What bounds block i, or 32 blocks from 32 * i on. REQUIRES: is_long().
  void ReadBlockImpacts(uint32_t i, std::vector<Impact>* impacts) const;
  void ReadSuperImpacts(uint32_t i, std::vector<Impact>* impacts) const;
  uint32_t super_last(uint32_t i) const;

  void ReadOrdinals(uint32_t i, PostingBlock* block) const;
  // After ReadOrdinals of the same block.
  void ReadFrequencies(uint32_t i, PostingBlock* block) const;
  // The positions of a posting of block i with that frequency; `before` is the sum of those before it.
  void ReadPositions(uint32_t i, uint64_t before, uint32_t frequency, std::vector<uint32_t>* positions) const;

 private:
  static constexpr size_t kHeaderBytes = 4;
  static constexpr size_t kEntryBytes = 12;
  static constexpr size_t kSuperBytes = 8;

  uint32_t Entry32(uint32_t i, uint32_t field) const {
    uint32_t number;
    std::memcpy(&number, list_.data() + kHeaderBytes + size_t{i} * kEntryBytes + field, sizeof(number));
    return number;
  }
  uint32_t BlockSize(uint32_t i) const;
  uint32_t BlockBefore(uint32_t i) const { return i == 0 || !is_long() ? UINT32_MAX : block_last(i - 1); }
  // From `at` to the end of what stands before the positions; empty when that is outside.
  std::string_view From(uint32_t at) const;
  std::string_view BlockBody(uint32_t i) const;
  void ReadTail(uint32_t i, std::string_view body, PostingBlock* block) const;
  void Damage(PostingBlock* block) const;

  std::string_view list_;
  uint32_t count_ = 0;
  uint32_t text_count_ = 0;
  uint32_t block_count_ = 0;
  uint32_t super_count_ = 0;
  uint32_t positions_at_ = 0;
  mutable bool damaged_ = false;
};

// A place in a list, moving forward; block by block decoded as needed. Confined to one thread.
class SealedCursor {
 public:
  explicit SealedCursor(const SealedPostings& postings) : postings_(postings) { Enter(0); }

  const SealedPostings& postings() const { return postings_; }

  bool done() const { return at_ == block_.size; }
  // UINT32_MAX when done.
  uint32_t ordinal() const { return block_.ordinals[at_]; }
  uint32_t frequency() {
    if (!has_frequencies_) ReadFrequencies();
    return block_.frequencies[at_];
  }
  void Next() {
    if (++at_ == block_.size) Enter(block_number_ + 1);
  }
  // To the first posting at or behind `ordinal`. Never moves back.
  void Seek(uint32_t ordinal) {
    if (block_.ordinals[at_] < ordinal) SeekOn(ordinal);
  }
  // Back to the first posting.
  void Rewind() {
    if (block_number_ != 0) return Enter(0);
    at_ = 0;
    summed_ = 0;
    frequency_sum_ = 0;
  }
  void Positions(std::vector<uint32_t>* positions);

  // The rest of the current block, for loops of their own.
  uint32_t block_number() const { return block_number_; }
  uint32_t place() const { return at_; }
  // The same with its ordinals alone.
  const PostingBlock& ordinals() const { return block_; }
  const PostingBlock& block() {
    if (!has_frequencies_) ReadFrequencies();
    return block_;
  }
  void SkipTo(uint32_t place) {
    at_ = place;
    if (at_ == block_.size) Enter(block_number_ + 1);
  }

 private:
  void Enter(uint32_t block);
  void SeekOn(uint32_t ordinal);
  void ReadFrequencies();

  SealedPostings postings_;
  uint32_t block_number_ = 0;
  uint32_t at_ = 0;
  bool has_frequencies_ = false;
  // The sum of the first summed_ frequencies of the block: where its positions were last looked at.
  uint32_t summed_ = 0;
  uint64_t frequency_sum_ = 0;
  PostingBlock block_;
};

}  // namespace engram
