// A segment with what was removed from it since it was written: tombstones, and how many texts fewer hold each
// term and word, so that all figures are those of the live texts.
//
// One writer, under the owner's lock; text_live needs none.
#pragma once

#include <atomic>
#include <memory>
#include <unordered_map>
#include <vector>

#include "index/text/part.h"
#include "index/text/text_segment.h"

namespace engram {

// Which texts died when. One writer and many readers.
class DeathRecord {
 public:
  explicit DeathRecord(uint32_t texts);
  ~DeathRecord();
  DeathRecord(const DeathRecord&) = delete;
  DeathRecord& operator=(const DeathRecord&) = delete;

  // `epoch` is the one the text's removal began: at least 1.
  void Mark(uint32_t text, uint32_t epoch);
  bool live(uint32_t text, uint64_t epoch) const {
    const std::atomic<uint32_t>* chunk = chunks_[text / kChunkTexts].load(std::memory_order_acquire);
    if (chunk == nullptr) return true;
    const uint32_t death = chunk[text % kChunkTexts].load(std::memory_order_relaxed);
    return death == 0 || death > epoch;
  }
  size_t MemoryBytes() const;

 private:
  static constexpr uint32_t kChunkTexts = 1024;

  // Chunks come with their first death: most texts live.
  size_t chunk_count_;
  std::unique_ptr<std::atomic<std::atomic<uint32_t>*>[]> chunks_;
};

class SealedPart : public Part {
 public:
  explicit SealedPart(std::shared_ptr<const TextSegment> segment);

  const TextSegment& segment() const { return *segment_; }
  const std::shared_ptr<const TextSegment>& shared_segment() const { return segment_; }
  static constexpr uint32_t kNoText = TextSegment::kNoText;
  uint32_t text_count() const { return segment_->text_count(); }
  Slot text_slot(uint32_t ordinal) const { return segment_->text_slot(ordinal); }
  uint32_t text_length(uint32_t ordinal) const { return segment_->text_length(ordinal); }
  uint32_t text_ordinal(Slot slot, uint32_t /*text_count*/) const { return segment_->text_ordinal(slot); }
  bool text_live(uint32_t ordinal, uint64_t epoch) const { return deaths_.live(ordinal, epoch); }

  bool Remove(Slot slot) override;
  uint64_t live_texts() const override { return segment_->text_count() - removed_.size(); }
  uint64_t live_length() const override { return live_length_; }
  uint64_t epoch() const override { return removed_.size(); }
  std::vector<Slot> RemovedSince(uint64_t epoch) const override;
  uint32_t FindTerm(std::string_view term) const override { return segment_->terms().Find(term); }
  uint32_t TermLive(uint32_t term) const override;
  std::string TermText(uint32_t term) const override { return segment_->terms().text(term); }
  void EachWordWithPrefix(std::string_view prefix, const VisitWord& visit) const override;
  void EachWordWithin(std::string_view word, uint32_t distance_max, const VisitNearWord& visit) const override;
  void EachTerm(const std::function<void(std::string_view text, uint32_t term)>& visit) const override;
  void EachLivePosting(uint32_t term, const std::function<void(Slot slot, uint32_t frequency)>& visit) const override;
  std::unique_ptr<const PartQuery> Bind(const std::vector<QueryClause>& clauses,
                                        std::vector<std::vector<uint32_t>> terms) const override;
  size_t MemoryBytes() const override;
  std::unique_ptr<TextSource> Source(uint64_t epoch) const override;

 private:
  using Counts = std::unordered_map<uint32_t, uint32_t>;

  uint32_t WordLive(uint32_t word) const;

  std::shared_ptr<const TextSegment> segment_;
  DeathRecord deaths_;
  std::vector<Slot> removed_;  // one an epoch
  uint64_t live_length_;
  Counts dead_terms_;  // of texts removed, by term
  Counts dead_words_;  // the same by word; empty where words are terms
};

}  // namespace engram
