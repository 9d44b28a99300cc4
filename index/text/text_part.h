// The texts a TextIndex holds between two sweeps: term dictionary, postings, positions, lengths.
//
// One writer. What readers use without the owner's lock (the text_* calls, Position and the postings of a
// span taken under the lock) only grows; a removal is a mark that says since when.
//
// A text has an ordinal here, its place in order of arrival and so of slots. Each removal makes an epoch:
// a text is live at epoch e when it was not removed by then.
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
#include "index/text/postings.h"
#include "index/text/text_index.h"

namespace engram {

class TextPart {
 public:
  static constexpr uint32_t kNoText = UINT32_MAX;

  // `stems`: whether words and terms differ, so that words need a dictionary of their own.
  explicit TextPart(bool stems);
  TextPart(const TextPart&) = delete;
  TextPart& operator=(const TextPart&) = delete;

  // Under the owner's lock, exclusive.
  // REQUIRES: `slot` is above all before; tokens are not empty and have ascending positions.
  void Add(Slot slot, const std::vector<Token>& tokens);
  // False when the slot isn't live here.
  bool Remove(Slot slot);

  // Under the owner's lock, shared.
  const Dictionary& terms() const { return terms_; }
  // Words as written (folded), with the term each stands for.
  const Dictionary& words() const { return words_ ? *words_ : terms_; }
  uint32_t TermOfWord(uint32_t word) const { return words_ ? words_->value(word) : word; }
  PostingSpan postings(uint32_t term) const { return lists_[term].span(); }
  TextStatistics statistics() const { return statistics_; }
  uint32_t text_count() const { return static_cast<uint32_t>(slots_.size()); }
  uint64_t epoch() const { return epoch_; }
  bool mostly_dead() const { return length_held_ > 2 * statistics_.length_total; }
  size_t MemoryBytes() const;
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

  TextStatistics statistics_;
  uint64_t length_held_ = 0;  // of the live and the dead
  uint64_t epoch_ = 0;
};

}  // namespace engram
