#include "index/text/matcher.h"

#include <algorithm>

namespace engram {

ClauseMatcher::ClauseMatcher(const TextPart& part, const BoundClause& clause) : part_(part), clause_(clause) {
  Rewind();
  for (size_t i = 1; i < clause.terms.size(); ++i) {
    if (clause.terms[i].postings.count < clause.terms[lead_].postings.count) lead_ = i;
  }
  if (clause.kind == TextClause::Kind::kPhrase) at_.resize(cursors_.size());
}

void ClauseMatcher::Rewind() {
  cursors_.clear();
  for (const BoundTerm& term : clause_.terms) cursors_.emplace_back(term.postings);
}

uint32_t ClauseMatcher::next() const {
  if (cursors_.empty()) return kEnd;
  if (clause_.kind == TextClause::Kind::kPhrase) return cursors_[lead_].done() ? kEnd : cursors_[lead_]->ordinal;
  uint32_t least = kEnd;
  for (const PostingCursor& cursor : cursors_) {
    if (!cursor.done()) least = std::min(least, cursor->ordinal);
  }
  return least;
}

bool ClauseMatcher::SeekAll(uint32_t ordinal) {
  for (PostingCursor& cursor : cursors_) {
    cursor.Seek(ordinal);
    if (cursor.done() || cursor->ordinal != ordinal) return false;
  }
  return true;
}

// All cursors stand in one text. Every place of the term that is rarest there is tried as the phrase's.
uint32_t ClauseMatcher::PhraseFrequency() {
  size_t anchor = 0;
  for (size_t i = 0; i < cursors_.size(); ++i) {
    at_[i] = 0;
    if (cursors_[i]->frequency < cursors_[anchor]->frequency) anchor = i;
  }
  uint32_t found = 0;
  for (uint32_t k = 0; k < cursors_[anchor]->frequency; ++k) {
    const uint32_t place = part_.Position(*cursors_[anchor], k);
    if (place < clause_.offsets[anchor]) continue;
    const uint32_t start = place - clause_.offsets[anchor];
    bool all = true;
    for (size_t i = 0; all && i < cursors_.size(); ++i) {
      const Posting& posting = *cursors_[i];
      const uint32_t wanted = start + clause_.offsets[i];
      while (at_[i] < posting.frequency && part_.Position(posting, at_[i]) < wanted) ++at_[i];
      all = at_[i] < posting.frequency && part_.Position(posting, at_[i]) == wanted;
    }
    if (all) ++found;
  }
  return found;
}

const std::vector<ClauseMatcher::Match>& ClauseMatcher::SumFrequencies(uint32_t begin, uint32_t end) {
  sums_.assign(end - begin, 0);
  matches_.clear();
  for (PostingCursor& cursor : cursors_) {
    for (cursor.Seek(begin); !cursor.done() && cursor->ordinal < end; cursor.Next()) {
      uint32_t& sum = sums_[cursor->ordinal - begin];
      if (sum == 0) matches_.push_back({cursor->ordinal, 0});
      sum += cursor->frequency;
    }
  }
  std::sort(matches_.begin(), matches_.end(), [](const Match& a, const Match& b) { return a.ordinal < b.ordinal; });
  for (Match& match : matches_) match.frequency = sums_[match.ordinal - begin];
  return matches_;
}

uint32_t ClauseMatcher::FrequencyIn(uint32_t ordinal) {
  if (cursors_.empty()) return 0;
  if (ordinal < last_) Rewind();
  last_ = ordinal;
  if (clause_.kind == TextClause::Kind::kPhrase) return SeekAll(ordinal) ? PhraseFrequency() : 0;
  uint32_t frequency = 0;
  for (PostingCursor& cursor : cursors_) {
    cursor.Seek(ordinal);
    if (!cursor.done() && cursor->ordinal == ordinal) frequency += cursor->frequency;
  }
  return frequency;
}

}  // namespace engram
