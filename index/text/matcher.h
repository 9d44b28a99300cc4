// Walks one clause over the texts of a view: which match, and how often. Confined to one thread.
#pragma once

#include <cstdint>
#include <vector>

#include "index/text/text_view.h"

namespace engram {

// Texts are looked at this many at a time, so that sums over them stay in the cache.
constexpr uint32_t kWindowTexts = 4096;

class ClauseMatcher {
 public:
  static constexpr uint32_t kEnd = UINT32_MAX;

  struct Match {
    uint32_t ordinal;
    uint32_t frequency;
  };

  ClauseMatcher(const TextPart& part, const BoundClause& clause);

  // At or before the next match; kEnd when there is none.
  uint32_t next() const;

  // Visits the matches in [begin, end) in ascending order; the walk goes on at `end`.
  // REQUIRES: end - begin <= kWindowTexts, `begin` not before an earlier `end`.
  template <class Visit>
  void EachMatch(uint32_t begin, uint32_t end, Visit visit) {
    if (cursors_.empty()) return;
    if (clause_.kind == TextClause::Kind::kPhrase) return EachPhrase(begin, end, visit);
    if (cursors_.size() == 1) return EachPosting(begin, end, visit);
    for (const Match& match : SumFrequencies(begin, end)) visit(match.ordinal, match.frequency);
  }

  // How often the clause stands in one text, 0 for not at all. Any order; ascending is fast.
  uint32_t FrequencyIn(uint32_t ordinal);

 private:
  template <class Visit>
  void EachPosting(uint32_t begin, uint32_t end, Visit visit) {
    PostingCursor& cursor = cursors_[0];
    for (cursor.Seek(begin); !cursor.done() && cursor->ordinal < end; cursor.Next()) {
      visit(cursor->ordinal, cursor->frequency);
    }
  }

  template <class Visit>
  void EachPhrase(uint32_t begin, uint32_t end, Visit visit) {
    PostingCursor& lead = cursors_[lead_];
    for (lead.Seek(begin); !lead.done() && lead->ordinal < end; lead.Next()) {
      const uint32_t ordinal = lead->ordinal;
      if (!SeekAll(ordinal)) continue;
      if (const uint32_t frequency = PhraseFrequency()) visit(ordinal, frequency);
    }
  }

  void Rewind();
  bool SeekAll(uint32_t ordinal);
  uint32_t PhraseFrequency();
  const std::vector<Match>& SumFrequencies(uint32_t begin, uint32_t end);

  const TextPart& part_;
  const BoundClause& clause_;
  std::vector<PostingCursor> cursors_;  // as clause_.terms
  size_t lead_ = 0;                     // the phrase's rarest term
  uint32_t last_ = 0;                   // what FrequencyIn was asked last
  std::vector<uint32_t> at_;            // per phrase term, into its positions
  std::vector<uint32_t> sums_;          // per text of the window
  std::vector<Match> matches_;
};

}  // namespace engram
