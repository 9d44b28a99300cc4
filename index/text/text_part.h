// The part of a TextIndex that is in memory: term dictionary, postings, positions, lengths.
//
// One writer. What readers use without the owner's lock (the text_* calls, Position and the postings of a
// span taken under the lock) only grows; a removal is a mark that says since when.
// Once the owner has frozen it and adds no more, all but its marks and live counts stays as it is, for a segment
// to be written from it.
//
// A text has an ordinal here, its place in order of arrival and so of slots.
#pragma once

#include <atomic>
#include <limits>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "index/append_only_array.h"
#include "index/text/analyzer.h"
#include "index/text/arena.h"
#include "index/text/dictionary.h"
#include "index/text/part.h"
#include "index/text/postings.h"

namespace engram {

class TextPart : public Part {
 public:
  static constexpr uint32_t kNoText = UINT32_MAX;

  // `stems`: whether words and terms differ, so that words need a dictionary of their own.
  explicit TextPart(bool stems);

  // Under the owner's lock, exclusive.
  // REQUIRES: `slot` is above all before; tokens are not empty and have ascending positions.
  void Add(Slot slot, const std::vector<Token>& tokens);
  bool Remove(Slot slot) override;

  // Under the owner's lock, shared.
  const Dictionary& terms() const { return terms_; }
  // Words as written (folded), with the term each stands for.
  const Dictionary& words() const { return words_ ? *words_ : terms_; }
  uint32_t TermOfWord(uint32_t word) const { return words_ ? words_->value(word) : word; }
  PostingSpan postings(uint32_t term) const { return lists_[term].span(); }
  uint32_t text_count() const { return static_cast<uint32_t>(slots_.size()); }
  uint64_t live_texts() const override { return live_texts_; }
  uint64_t live_length() const override { return live_length_; }
  uint64_t epoch() const override { return removed_.size(); }
  std::vector<Slot> RemovedSince(uint64_t epoch) const override;
  uint32_t FindTerm(std::string_view term) const override { return terms_.Find(term); }
  uint32_t TermLive(uint32_t term) const override { return terms_.live(term); }
  std::string TermText(uint32_t term) const override { return std::string(terms_.text(term)); }
  void EachWordWithPrefix(std::string_view prefix, const VisitWord& visit) const override;
  void EachWordWithin(std::string_view word, uint32_t distance_max, const VisitNearWord& visit) const override;
  void EachTerm(const std::function<void(std::string_view text, uint32_t term)>& visit) const override;
  void EachLivePosting(uint32_t term, const std::function<void(Slot slot, uint32_t frequency)>& visit) const override;
  std::unique_ptr<const PartQuery> Bind(const std::vector<QueryClause>& clauses,
                                        std::vector<std::vector<uint32_t>> terms) const override;
  bool mostly_dead() const { return length_held_ > 2 * live_length_; }
  size_t MemoryBytes() const override;

  // Without a lock, once nothing is added any more.
  std::unique_ptr<TextSource> Source(uint64_t epoch) const override;
  // A new part with the live texts alone.
  std::shared_ptr<TextPart> Compacted() const;

  // Without a lock, for ordinals below a text_count() of the past.
  Slot text_slot(uint32_t ordinal) const { return Slot(slots_[ordinal]); }
  uint32_t text_length(uint32_t ordinal) const { return lengths_[ordinal]; }
  bool text_live(uint32_t ordinal, uint64_t epoch) const {
    return deaths_[ordinal].epoch.load(std::memory_order_relaxed) > epoch;
  }
  // The ordinal of `slot` among the first `text_count`, or kNoText.
  uint32_t text_ordinal(Slot slot, uint32_t text_count) const;
  uint32_t Position(const Posting& posting, uint32_t i) const {
    return posting.frequency == 1 ? posting.positions : positions_[posting.positions + i];
  }

 private:
  friend class MemorySource;

  // The epoch that began with the text's removal. Readers look while the writer sets it: whichever they
  // see, it is above every epoch in which the text was live.
  struct Death {
    mutable std::atomic<uint64_t> epoch{std::numeric_limits<uint64_t>::max()};
    Death() = default;
    Death& operator=(Death&&) noexcept { return *this; }  // a new text is live
  };

  uint32_t AddText(Slot slot, uint32_t length);
  uint32_t AddTerm(std::string_view text);
  void AddPosting(uint32_t term, uint32_t ordinal, const uint64_t* begin, const uint64_t* end);
  void AddForward(std::vector<uint32_t> words);
  void CopyTerm(const TextPart& from, uint32_t term, const std::vector<uint32_t>& new_ordinals);
  void CopyForward(const TextPart& from, uint32_t ordinal, std::vector<uint32_t>* new_words);
  size_t forward_end(uint32_t ordinal) const;

  Arena arena_;
  Dictionary terms_{&arena_};
  std::unique_ptr<Dictionary> words_;  // value: the term
  std::vector<PostingList> lists_;     // by term
  AppendOnlyArray<uint32_t> positions_;

  AppendOnlyArray<uint32_t> slots_;
  AppendOnlyArray<uint32_t> lengths_;
  AppendOnlyArray<Death> deaths_;
  // Each text's different words (terms where there are no words): what a removal has to subtract.
  AppendOnlyArray<uint32_t> forward_;
  AppendOnlyArray<uint32_t> forward_begin_;

  uint64_t live_texts_ = 0;
  uint64_t live_length_ = 0;
  uint64_t length_held_ = 0;   // of the live and the dead
  std::vector<Slot> removed_;  // one an epoch
};

}  // namespace engram
