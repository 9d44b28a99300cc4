// Walks one clause over the texts of a part: which match, and how often. Confined to one thread.
//
// A Cursor walks one list of the part: done(), ordinal(), frequency(), Next(), Seek(ordinal), and after
// LoadPositions() the positions of its posting. It is made from the part and a List, whose postings Count() tells.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "index/text/text_query.h"

namespace engram {

// Texts are looked at this many at a time, so that sums over them stay in the cache.
constexpr uint32_t kWindowTexts = 4096;

// A clause, bound to the postings of one moment.
template <class Cursor>
struct BoundClause {
  TextClause::Kind kind;
  // kTerm: one. kPhrase: its terms in order. kPrefix, kFuzzy: those it stands for. Empty: matches nothing.
  std::vector<typename Cursor::List> lists;
  std::vector<uint32_t> offsets;

  // The list with the fewest postings. REQUIRES: there is one.
  size_t rarest() const {
    const auto fewer = [](const auto& a, const auto& b) { return Cursor::Count(a) < Cursor::Count(b); };
    return static_cast<size_t>(std::min_element(lists.begin(), lists.end(), fewer) - lists.begin());
  }
};

template <class Cursor>
class ClauseMatcher {
 public:
  static constexpr uint32_t kEnd = UINT32_MAX;

  struct Match {
    uint32_t ordinal;
    uint32_t frequency;
  };

  // Both must outlive it.
  ClauseMatcher(const typename Cursor::Part& part, const BoundClause<Cursor>& clause) : part_(&part), clause_(&clause) {
    Rewind();
    if (clause.kind != TextClause::Kind::kPhrase || cursors_.empty()) return;
    at_.resize(cursors_.size());
    by_count_.resize(cursors_.size());
    std::iota(by_count_.begin(), by_count_.end(), 0);
    std::sort(by_count_.begin(), by_count_.end(),
              [&](size_t a, size_t b) { return Cursor::Count(clause.lists[a]) < Cursor::Count(clause.lists[b]); });
  }

  // At or before the next match; kEnd when there is none.
  uint32_t next() const {
    if (cursors_.empty()) return kEnd;
    if (is_phrase()) return cursors_[by_count_[0]].done() ? kEnd : cursors_[by_count_[0]].ordinal();
    uint32_t least = kEnd;
    for (const Cursor& cursor : cursors_) {
      if (!cursor.done()) least = std::min(least, cursor.ordinal());
    }
    return least;
  }

  // The same, not before `ordinal`.
  uint32_t NextFrom(uint32_t ordinal) {
    if (is_phrase() && !cursors_.empty()) {
      cursors_[by_count_[0]].Seek(ordinal);
    } else {
      for (Cursor& cursor : cursors_) cursor.Seek(ordinal);
    }
    return next();
  }

  // Visits the matches in [begin, end) in ascending order; the walk goes on at `end`.
  // REQUIRES: end - begin <= kWindowTexts, `begin` not before an earlier `end`.
  template <class Visit>
  void EachMatch(uint32_t begin, uint32_t end, Visit visit) {
    if (cursors_.empty()) return;
    if (is_phrase()) return EachPhrase(begin, end, visit);
    if (cursors_.size() == 1) return EachPosting(begin, end, visit);
    for (const Match& match : SumFrequencies(begin, end)) visit(match.ordinal, match.frequency);
  }

  // That of a phrase's rarest term. Phrases are looked for at or behind it. REQUIRES: a phrase with lists.
  Cursor& lead() { return cursors_[by_count_[0]]; }

  // How often a phrase stands in one text; 0, too, where `promising(most)` doesn't hold, `most` being how often it can
  // stand there at the most. Ascending.
  template <class Promising>
  uint32_t PhraseFrequencyWhere(uint32_t ordinal, Promising promising) {
    if (!SeekAll(ordinal)) return 0;
    uint32_t most = UINT32_MAX;
    for (Cursor& cursor : cursors_) most = std::min(most, cursor.frequency());
    return promising(most) ? PhraseFrequency() : 0;
  }

  // How often the clause stands in one text, 0 for not at all. Any order; ascending is fast.
  uint32_t FrequencyIn(uint32_t ordinal) {
    if (cursors_.empty()) return 0;
    if (ordinal < last_) Rewind();
    last_ = ordinal;
    if (is_phrase()) return SeekAll(ordinal) ? PhraseFrequency() : 0;
    uint32_t frequency = 0;
    for (Cursor& cursor : cursors_) {
      cursor.Seek(ordinal);
      if (!cursor.done() && cursor.ordinal() == ordinal) frequency += cursor.frequency();
    }
    return frequency;
  }

 private:
  bool is_phrase() const { return clause_->kind == TextClause::Kind::kPhrase; }

  template <class Visit>
  void EachPosting(uint32_t begin, uint32_t end, Visit visit) {
    Cursor& cursor = cursors_[0];
    for (cursor.Seek(begin); !cursor.done() && cursor.ordinal() < end; cursor.Next()) {
      visit(cursor.ordinal(), cursor.frequency());
    }
  }

  template <class Visit>
  void EachPhrase(uint32_t begin, uint32_t end, Visit visit) {
    Cursor& lead = cursors_[by_count_[0]];
    for (lead.Seek(begin); !lead.done() && lead.ordinal() < end; lead.Next()) {
      const uint32_t ordinal = lead.ordinal();
      if (!SeekAll(ordinal)) continue;
      if (const uint32_t frequency = PhraseFrequency()) visit(ordinal, frequency);
    }
  }

  void Rewind() {
    cursors_.clear();
    cursors_.reserve(clause_->lists.size());
    for (const auto& list : clause_->lists) cursors_.emplace_back(*part_, list);
  }

  // The rarest first: most texts fall out with it.
  bool SeekAll(uint32_t ordinal) {
    return std::all_of(by_count_.begin(), by_count_.end(), [&](size_t i) {
      cursors_[i].Seek(ordinal);
      return !cursors_[i].done() && cursors_[i].ordinal() == ordinal;
    });
  }

  // All cursors stand in one text. Every place of the term that is rarest there is tried as the phrase's.
  uint32_t PhraseFrequency() {
    size_t anchor = 0;
    for (size_t i = 0; i < cursors_.size(); ++i) {
      at_[i] = 0;
      cursors_[i].LoadPositions();
      if (cursors_[i].frequency() < cursors_[anchor].frequency()) anchor = i;
    }
    uint32_t found = 0;
    for (uint32_t k = 0; k < cursors_[anchor].position_count(); ++k) {
      const uint32_t place = cursors_[anchor].position(k);
      if (place < clause_->offsets[anchor]) continue;
      const uint32_t start = place - clause_->offsets[anchor];
      bool all = true;
      for (size_t i = 0; all && i < cursors_.size(); ++i) {
        const Cursor& cursor = cursors_[i];
        const uint32_t wanted = start + clause_->offsets[i];
        while (at_[i] < cursor.position_count() && cursor.position(at_[i]) < wanted) ++at_[i];
        all = at_[i] < cursor.position_count() && cursor.position(at_[i]) == wanted;
      }
      if (all) ++found;
    }
    return found;
  }

  const std::vector<Match>& SumFrequencies(uint32_t begin, uint32_t end) {
    sums_.assign(end - begin, 0);
    matches_.clear();
    for (Cursor& cursor : cursors_) {
      for (cursor.Seek(begin); !cursor.done() && cursor.ordinal() < end; cursor.Next()) {
        uint32_t& sum = sums_[cursor.ordinal() - begin];
        if (sum == 0) matches_.push_back({cursor.ordinal(), 0});
        sum += cursor.frequency();
      }
    }
    std::sort(matches_.begin(), matches_.end(), [](const Match& a, const Match& b) { return a.ordinal < b.ordinal; });
    for (Match& match : matches_) match.frequency = sums_[match.ordinal - begin];
    return matches_;
  }

  const typename Cursor::Part* part_;
  const BoundClause<Cursor>* clause_;
  std::vector<Cursor> cursors_;   // as clause_->lists
  std::vector<size_t> by_count_;  // a phrase's terms, the rarest first
  uint32_t last_ = 0;             // what FrequencyIn was asked last
  std::vector<uint32_t> at_;      // per phrase term, into its positions
  std::vector<uint32_t> sums_;    // per text of the window
  std::vector<Match> matches_;
};

}  // namespace engram
