// A sealed part of a text index, read in place from its file. Immutable and thread-safe.
//
// Texts have ordinals in the order of their slots; terms and words are numbered in the order of their bytes.
// Dictionaries, slots and lengths are checked when it is opened, postings and forward lists when first read.
// The sections are in docs/formats.md, "Text segment".
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "base/ids.h"
#include "index/segment_file.h"
#include "index/slot_set.h"
#include "index/text/sealed_dictionary.h"
#include "index/text/sealed_postings.h"
#include "index/text/text_index.h"

namespace engram {

class TextSegment {
 public:
  static constexpr uint32_t kNoText = UINT32_MAX;
  // A text of this length or above has its length beside the others.
  static constexpr uint16_t kLongText = UINT16_MAX;

  // `fingerprint`: the analyzer's. Errors as of SegmentFile::Open; Corruption, too, where what is checked
  // contradicts itself.
  static Result<std::shared_ptr<const TextSegment>> Open(const FileSystem& files, const std::string& path,
                                                         const Analyzer& analyzer);

  const SegmentFile& file() const { return *file_; }

  uint32_t text_count() const { return static_cast<uint32_t>(slots_.size()); }
  Slot text_slot(uint32_t ordinal) const { return Slot(slots_[ordinal]); }
  uint32_t text_length(uint32_t ordinal) const {
    return short_lengths_[ordinal] < kLongText ? short_lengths_[ordinal] : LongLength(ordinal);
  }
  // Never above text_length: what bounds scores from above. Readable to two bytes behind the last.
  const uint16_t* short_lengths() const { return short_lengths_.data(); }
  uint64_t length_total() const { return length_total_; }
  void AddSlotsTo(SlotSet* set) const { set->addMany(slots_.size(), slots_.data()); }
  // The first ordinal of at least this slot; text_count() when all are below.
  uint32_t LowerBound(Slot slot) const;
  // The ordinal of `slot`, or kNoText.
  uint32_t text_ordinal(Slot slot) const;

  const SealedDictionary& terms() const { return terms_; }
  // How many texts hold the term.
  uint32_t term_texts(uint32_t term) const { return term_texts_[term]; }
  // Empty, and damaged() from then on, when its bytes don't match their checksum.
  SealedPostings postings(uint32_t term) const;

  // Words as written (folded). Without a stemmer they are the terms.
  bool stems() const { return words_.has_value(); }
  const SealedDictionary& words() const { return words_ ? *words_ : terms_; }
  uint32_t word_texts(uint32_t word) const { return words_ ? word_texts_[word] : term_texts_[word]; }
  uint32_t TermOfWord(uint32_t word) const { return words_ ? word_terms_[word] : word; }
  // The different words of a text, ascending. False, and damaged() from then on, when they can't be read.
  bool ReadWords(uint32_t ordinal, std::vector<uint32_t>* words) const;

  // Whether something was found damaged since it was opened: the segment has to be built again.
  bool damaged() const { return damaged_.load(std::memory_order_relaxed); }
  void set_damaged() const { damaged_.store(true, std::memory_order_relaxed); }

  // Resident, beside the mapped file.
  size_t MemoryBytes() const { return sizeof(*this) + terms_.MemoryBytes() + (words_ ? words_->MemoryBytes() : 0); }

 private:
  TextSegment() = default;
  Status Read(bool stems);
  Status CheckTexts() const;
  Status CheckOffsets() const;
  uint32_t LongLength(uint32_t ordinal) const;

  std::shared_ptr<const SegmentFile> file_;
  std::span<const uint32_t> slots_;
  std::span<const uint16_t> short_lengths_;
  std::span<const uint32_t> long_lengths_;  // ordinal, length, ordinal, length, …
  uint64_t length_total_ = 0;

  SealedDictionary terms_;
  std::span<const uint32_t> term_texts_;
  std::span<const uint64_t> list_at_;
  const SegmentSection* postings_ = nullptr;

  std::optional<SealedDictionary> words_;
  std::span<const uint32_t> word_texts_;
  std::span<const uint32_t> word_terms_;

  std::span<const uint64_t> forward_at_;
  const SegmentSection* forward_ = nullptr;
  mutable std::atomic<bool> damaged_ = false;
};

}  // namespace engram
