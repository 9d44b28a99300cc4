#include "index/text/text_segment.h"

#include <algorithm>

#include <fmt/format.h>

#include "index/text/text_segment_format.h"
#include "index/text/varint_reader.h"

namespace engram {
namespace {

template <class T>
Result<std::span<const T>> Numbers(const SegmentFile& file, std::string_view name) {
  ASSIGN_OR_RETURN(const SegmentSection* section, file.Section(name));
  return section->Array<T>();
}

Result<SealedDictionary> Dictionary(const SegmentFile& file, std::string_view words, std::string_view blocks,
                                    size_t count) {
  ASSIGN_OR_RETURN(const SegmentSection* section, file.Section(words));
  ASSIGN_OR_RETURN(const std::string_view bytes, section->Bytes());
  ASSIGN_OR_RETURN(const std::span<const uint32_t> offsets, Numbers<uint32_t>(file, blocks));
  return SealedDictionary::Open(bytes, offsets, static_cast<uint32_t>(count));
}

Status Contradiction(const SegmentFile& file, std::string_view what) {
  return Corruption(fmt::format("{}: {}", file.path(), what));
}

}  // namespace

Result<std::shared_ptr<const TextSegment>> TextSegment::Open(const FileSystem& files, const std::string& path,
                                                             const Analyzer& analyzer) {
  const std::shared_ptr<TextSegment> segment(new TextSegment());
  ASSIGN_OR_RETURN(segment->file_,
                   SegmentFile::Open(files, path, SegmentKind::kText, TextSegmentFingerprint(analyzer)));
  RETURN_IF_ERROR(segment->Read(analyzer.stems()));
  return std::shared_ptr<const TextSegment>(segment);
}

Status TextSegment::Read(bool stems) {
  ASSIGN_OR_RETURN(slots_, Numbers<uint32_t>(*file_, kSlotsSection));
  ASSIGN_OR_RETURN(short_lengths_, Numbers<uint16_t>(*file_, kLengthsSection));
  ASSIGN_OR_RETURN(long_lengths_, Numbers<uint32_t>(*file_, kLongLengthsSection));
  RETURN_IF_ERROR(CheckTexts());
  for (uint32_t ordinal = 0; ordinal < text_count(); ++ordinal) length_total_ += text_length(ordinal);

  ASSIGN_OR_RETURN(term_texts_, Numbers<uint32_t>(*file_, kTermTextsSection));
  ASSIGN_OR_RETURN(terms_, Dictionary(*file_, kTermsSection, kTermBlocksSection, term_texts_.size()));
  ASSIGN_OR_RETURN(list_at_, Numbers<uint64_t>(*file_, kListsSection));
  ASSIGN_OR_RETURN(postings_, file_->Section(kPostingsSection));
  if (stems) {
    ASSIGN_OR_RETURN(word_texts_, Numbers<uint32_t>(*file_, kWordTextsSection));
    ASSIGN_OR_RETURN(word_terms_, Numbers<uint32_t>(*file_, kWordTermsSection));
    ASSIGN_OR_RETURN(words_, Dictionary(*file_, kWordsSection, kWordBlocksSection, word_texts_.size()));
  }
  ASSIGN_OR_RETURN(forward_at_, Numbers<uint64_t>(*file_, kForwardBeginsSection));
  ASSIGN_OR_RETURN(forward_, file_->Section(kForwardSection));
  return CheckOffsets();
}

Status TextSegment::CheckTexts() const {
  if (short_lengths_.size() != slots_.size() + 1 || slots_.size() > kSealedTextsMax || slots_.empty() ||
      long_lengths_.size() % 2 != 0) {
    return Contradiction(*file_, "not as many lengths as texts");
  }
  for (size_t i = 1; i < slots_.size(); ++i) {
    if (slots_[i] <= slots_[i - 1]) return Contradiction(*file_, "slots out of order");
  }
  size_t next = 0;
  for (uint32_t ordinal = 0; ordinal < slots_.size(); ++ordinal) {
    if (short_lengths_[ordinal] < kLongText) continue;
    if (next == long_lengths_.size() || long_lengths_[next] != ordinal || long_lengths_[next + 1] < kLongText) {
      return Contradiction(*file_, "lengths of long texts are missing");
    }
    next += 2;
  }
  return next == long_lengths_.size() ? Status() : Contradiction(*file_, "lengths of texts that are not long");
}

Status TextSegment::CheckOffsets() const {
  const auto rises = [](std::span<const uint64_t> offsets, size_t count, uint64_t end) {
    return offsets.size() == count + 1 && offsets[0] == 0 && offsets[count] == end &&
           std::is_sorted(offsets.begin(), offsets.end());
  };
  if (postings_->size() < kSealedPostingsSlack ||
      !rises(list_at_, terms_.size(), postings_->size() - kSealedPostingsSlack)) {
    return Contradiction(*file_, "the places of the postings are broken");
  }
  if (!rises(forward_at_, slots_.size(), forward_->size())) {
    return Contradiction(*file_, "the places of the forward lists are broken");
  }
  if (word_terms_.size() != word_texts_.size() ||
      std::any_of(word_terms_.begin(), word_terms_.end(), [&](uint32_t term) { return term >= terms_.size(); })) {
    return Contradiction(*file_, "words of terms that there are not");
  }
  return {};
}

uint32_t TextSegment::LongLength(uint32_t ordinal) const {
  size_t low = 0;
  size_t high = long_lengths_.size() / 2;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (long_lengths_[2 * middle] < ordinal) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return long_lengths_[2 * low + 1];
}

uint32_t TextSegment::LowerBound(Slot slot) const {
  return static_cast<uint32_t>(std::lower_bound(slots_.begin(), slots_.end(), slot.value) - slots_.begin());
}

uint32_t TextSegment::text_ordinal(Slot slot) const {
  // Slots are mostly dense: then a text's ordinal is near its distance from the first.
  if (slot.value < slots_[0]) return kNoText;
  const uint32_t guess = slot.value - slots_[0];
  if (guess < slots_.size() && slots_[guess] == slot.value) return guess;
  const uint32_t ordinal = LowerBound(slot);
  return ordinal < text_count() && slots_[ordinal] == slot.value ? ordinal : kNoText;
}

SealedPostings TextSegment::postings(uint32_t term) const {
  const uint64_t at = list_at_[term];
  const uint64_t size = list_at_[term + 1] - at;
  const Result<std::string_view> bytes = postings_->Range(at, size + kSealedPostingsSlack);
  if (bytes.ok()) {
    SealedPostings list(bytes.value().substr(0, size), term_texts_[term], text_count());
    if (!list.damaged()) return list;
  }
  set_damaged();
  return {};
}

bool TextSegment::ReadWords(uint32_t ordinal, std::vector<uint32_t>* words) const {
  words->clear();
  const uint64_t at = forward_at_[ordinal];
  const Result<std::string_view> bytes = forward_->Range(at, forward_at_[ordinal + 1] - at);
  uint64_t next = 0;
  if (bytes.ok()) {
    VarintReader reader(bytes.value());
    while (reader.ok() && !reader.rest().empty()) {
      next += reader.Next();
      words->push_back(static_cast<uint32_t>(next++));
    }
    if (reader.ok() && next <= this->words().size()) return true;
  }
  words->clear();
  set_damaged();
  return false;
}

}  // namespace engram
