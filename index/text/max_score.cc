#include "index/text/max_score.h"

#include <algorithm>
#include <limits>

namespace engram {
namespace {

using Kind = TextClause::Kind;
using Occur = TextClause::Occur;

// Clauses that together can't lift a score by this share of what it needs aren't bounded closely.
constexpr float kTrifle = 1.0f / 32;
// A term is sparse when its postings are further apart, in the mean.
constexpr uint64_t kSparseGap = 64;
// So many texts are looked for in a block together.
constexpr uint32_t kTogetherMin = 4;

}  // namespace

SealedQuery::MaxScore::Clause::Clause(const SealedQuery& query, const QueryScoring& scoring, size_t i)
    : occur(scoring.clauses[i].occur),
      weight(scoring.weights[i]),
      formula{static_cast<float>(weight), static_cast<float>(scoring.norm.base()),
              static_cast<float>(scoring.norm.slope())},
      lists(query.clauses()[i].lists.size()) {
  const BoundClause<SealedListCursor>& bound_clause = query.clauses()[i];
  const TextSegment& segment = query.part().segment();
  for (const auto& list : bound_clause.lists) postings += list.count;
  if (bound_clause.lists.empty()) return;
  const bool is_phrase = bound_clause.kind == Kind::kPhrase;
  const size_t rarest = is_phrase ? bound_clause.rarest() : 0;
  if (is_phrase) postings = bound_clause.lists[rarest].count;
  sparse = postings * kSparseGap < query.text_count();
  if (bound_clause.kind == Kind::kTerm) {
    cursor = &own.emplace(segment.postings(bound_clause.lists[0].term));
  } else {
    matcher.emplace(query.part(), bound_clause);
    if (is_phrase) cursor = &matcher->lead().cursor();
  }
  if (occur == Occur::kNot) return;
  for (size_t l = 0; l < bound_clause.lists.size(); ++l) {
    // A phrase occurs no more often than its rarest term.
    if (is_phrase && l != rarest) continue;
    bounds.emplace_back(segment, cursor ? cursor->postings() : segment.postings(bound_clause.lists[l].term), weight,
                        scoring.norm);
    bound_max += bounds.back().max();
  }
  bound_max = std::min(bound_max, RoundedUp(weight));
}

// f / (f + norm) of a sum of frequencies is at most the sum over them, and below 1.
float SealedQuery::MaxScore::Clause::Bound(uint32_t begin, uint32_t end) {
  if (sparse && cursor && NextFrom(begin) >= end) return 0;
  float sum = 0;
  for (ListBounds& list : bounds) sum += list.Max(begin, end);
  return std::min(sum, bound_max);
}

float SealedQuery::MaxScore::Clause::CoarseBound(uint32_t begin, uint32_t end) {
  float sum = 0;
  for (ListBounds& list : bounds) sum += list.CoarseMax(begin, end);
  return std::min(sum, bound_max);
}

float SealedQuery::MaxScore::Clause::SuperBound(uint32_t begin, uint32_t* end) {
  float sum = 0;
  for (ListBounds& list : bounds) sum += list.SuperMax(begin, end);
  return std::min(sum, bound_max);
}

uint32_t SealedQuery::MaxScore::Clause::Near(uint32_t ordinal) {
  return cursor && !sparse && cursor->postings().is_long() ? bounds[0].Near(ordinal) : NextFrom(ordinal);
}

uint32_t SealedQuery::MaxScore::Clause::NextFrom(uint32_t ordinal) {
  if (cursor) {
    cursor->Seek(ordinal);
    return cursor->ordinal();
  }
  return matcher ? matcher->NextFrom(ordinal) : UINT32_MAX;
}

uint32_t SealedQuery::MaxScore::Clause::FrequencyIn(uint32_t ordinal) {
  if (matcher) return matcher->FrequencyIn(ordinal);
  return NextFrom(ordinal) == ordinal ? cursor->frequency() : 0;
}

SealedQuery::MaxScore::Scratch& SealedQuery::MaxScore::ThreadScratch() {
  thread_local const std::unique_ptr<Scratch> scratch(new Scratch);
  return *scratch;
}

SealedQuery::MaxScore::MaxScore(const SealedQuery& query, const QueryScoring& scoring, const SlotSet& allowed,
                                Pacer* pacer, BestHits* best)
    : query_(query),
      segment_(query.part().segment()),
      scoring_(scoring),
      allowed_(allowed),
      pacer_(*pacer),
      best_(*best) {
  for (size_t i = 0; i < scoring.clauses.size(); ++i) {
    const bool idle = query.clauses()[i].lists.empty() && scoring.clauses[i].occur != Occur::kMust;
    if (!idle) clauses_.emplace_back(query, scoring, i);
  }
  std::vector<Clause*> required;
  for (Clause& clause : clauses_) {
    if (clause.occur == Occur::kNot) forbidden_.push_back(&clause);
    if (clause.occur == Occur::kShould) by_max_.push_back(&clause);
    if (clause.occur == Occur::kMust) required.push_back(&clause);
  }
  std::sort(by_max_.begin(), by_max_.end(),
            [](const Clause* a, const Clause* b) { return a->bound_max < b->bound_max; });
  std::sort(required.begin(), required.end(),
            [](const Clause* a, const Clause* b) { return a->postings > b->postings; });
  required_ = required.size();
  by_max_.insert(by_max_.end(), required.begin(), required.end());
  by_bound_ = by_max_;
  rest_.resize(by_bound_.size() + 1);
  slack_ = 1 + kPartError + static_cast<float>(clauses_.size() + 2) * 0x1p-23f;
}

void SealedQuery::MaxScore::Run() {
  if (by_max_.empty()) return;
  for (const Clause* clause : by_max_) {
    if (clause->occur == Occur::kMust && clause->postings == 0) return;
  }
  candidates_.clear();
  reached_.clear();
  for (const ScoredSlot& hit : best_.hits()) Reach(static_cast<float>(hit.score));
  SetNeeded();
  Prime();
  uint32_t begin = 0;
  uint32_t end = 0;
  for (; FindStretch(&begin, &end); begin = end) ScoreStretch(begin, end);
  if (!pacer_.given_up()) Judge();
}

void SealedQuery::MaxScore::FindLeads() {
  leads_ = by_max_.size() - 1;
  if (required_ > 0) return;
  float sum = 0;
  for (leads_ = 0; leads_ < by_max_.size(); ++leads_) {
    sum += by_max_[leads_]->bound_max;
    if (sum >= needed_) return;
  }
}

// The next stretch, at or behind `*begin`, whose texts may be among the best; none when the pacer gives up.
bool SealedQuery::MaxScore::FindStretch(uint32_t* begin, uint32_t* end) {
  FindLeads();
  while (*begin < query_.text_count() && pacer_.Spend(kBlockPostings * by_max_.size())) {
    uint32_t next = UINT32_MAX;
    for (size_t i = leads_; i < by_max_.size(); ++i) next = std::min(next, by_max_[i]->Near(*begin));
    if (next >= query_.text_count()) return false;
    *begin = next;
    if (*begin >= super_end_) BoundSuper(*begin);
    if (super_sum_ < needed_) {
      *begin = super_end_;
      continue;
    }
    *end = StretchEnd(*begin);
    if (IsPromising(*begin, *end)) {
      Partition();
      next = UINT32_MAX;
      for (size_t i = essential_; i < by_bound_.size(); ++i) next = std::min(next, by_bound_[i]->NextFrom(*begin));
      if (next < *end) {
        *begin = next;
        return true;
      }
    }
    *begin = *end;
  }
  return false;
}

// Of the leads closely, so that others' many blocks don't cut it short.
void SealedQuery::MaxScore::BoundSuper(uint32_t begin) {
  super_end_ = query_.text_count();
  super_sum_ = 0;
  for (size_t i = 0; i < by_max_.size(); ++i) {
    super_sum_ += i < leads_ ? by_max_[i]->bound_max : by_max_[i]->SuperBound(begin, &super_end_);
  }
}

// Bounds all clauses, the strongest ones closely, until it is clear that the stretch has nothing or that what is left
// is a trifle.
bool SealedQuery::MaxScore::IsPromising(uint32_t begin, uint32_t end) {
  for (size_t i = 0; i < by_max_.size(); ++i) {
    by_max_[i]->bound = by_max_[i]->CoarseBound(begin, end);
    rest_[i + 1] = rest_[i] + by_max_[i]->bound;
  }
  if (rest_.back() < needed_) return false;
  float sum = 0;
  for (size_t i = by_max_.size(); i-- > 0 && rest_[i + 1] >= needed_ * kTrifle;) {
    Clause* clause = by_max_[i];
    clause->bound = clause->Bound(begin, end);
    if (clause->bound == 0 && clause->occur == Occur::kMust) return false;
    sum += clause->bound;
    if (sum + rest_[i] < needed_) return false;
  }
  return true;
}

// A single lead needs no sums: then a stretch is a block of its postings.
uint32_t SealedQuery::MaxScore::StretchEnd(uint32_t begin) {
  const bool alone = leads_ + 1 == by_max_.size();
  if (alone && by_max_.back()->is_term()) return by_max_.back()->bounds[0].BlockEnd(begin);
  return begin + std::min(query_.text_count() - begin, kStretchTexts);
}

void SealedQuery::MaxScore::Partition() {
  const bool alone = leads_ + 1 == by_max_.size();
  const size_t last = required_ > 0 ? required_ : alone ? 1 : 0;
  if (last > 0) std::copy(by_max_.begin(), by_max_.end(), by_bound_.begin());
  std::sort(by_bound_.begin(), by_bound_.end() - static_cast<ptrdiff_t>(last),
            [](const Clause* a, const Clause* b) { return a->bound < b->bound; });
  for (size_t i = 0; i < by_bound_.size(); ++i) rest_[i + 1] = rest_[i] + by_bound_[i]->bound;
  essential_ = by_bound_.size() - 1;
  if (last > 0) return;
  essential_ = 0;
  while (essential_ + 1 < by_bound_.size() && rest_[essential_ + 1] < needed_) ++essential_;
}

void SealedQuery::MaxScore::ScoreStretch(uint32_t begin, uint32_t end) {
  count_ = 0;
  const bool alone = essential_ + 1 == by_bound_.size();
  if (alone && by_bound_.back()->cursor) {
    BringAlone(by_bound_.back(), begin, end);
  } else {
    for (size_t i = essential_; i < by_bound_.size(); ++i) {
      if (!pacer_.Spend(by_bound_[i]->StepsOver(end - begin))) break;
      Bring(by_bound_[i], begin, end);
    }
    Collect(begin, end);
  }
  for (size_t i = essential_; i-- > 0 && count_ > 0;) {
    if (!pacer_.Spend(by_bound_[i]->StepsOver(count_))) return;
    Keep(needed_ - rest_[i + 1]);
    Apply(by_bound_[i]);
  }
  Keep(needed_);
  for (Clause* clause : forbidden_) Apply(clause);
  Offer();
}

template <class Visit>
void SealedQuery::MaxScore::EachRun(Clause* clause, uint32_t begin, uint32_t end, Visit visit) {
  SealedCursor& cursor = *clause->cursor;
  float parts[kBlockPostings];
  for (cursor.Seek(begin); cursor.ordinal() < end;) {
    const PostingBlock& block = cursor.block();
    const uint32_t from = cursor.place();
    const uint32_t* last = block.ordinals + block.size;
    const uint32_t to =
        last[-1] < end ? block.size
                       : static_cast<uint32_t>(std::lower_bound(block.ordinals + from, last, end) - block.ordinals);
    kernels_.parts(clause->formula, block.ordinals + from, block.frequencies + from, to - from,
                   segment_.short_lengths(), parts);
    visit(block, from, to - from, parts);
    cursor.SkipTo(to);
  }
}

// A phrase that can't lift its text isn't looked for.
template <class Visit>
void SealedQuery::MaxScore::EachPhrase(Clause* clause, uint32_t begin, uint32_t end, float least, Visit visit) {
  EachRun(clause, begin, end, [&](const PostingBlock& block, uint32_t from, uint32_t n, const float* parts) {
    const size_t kept = kernels_.at_least(parts, n, least, kept_.data());
    for (size_t i = 0; i < kept; ++i) {
      const uint32_t text = block.ordinals[from + kept_[i]];
      const uint32_t frequency = clause->matcher->PhraseFrequencyWhere(
          text, [&](uint32_t most) { return PartOf(*clause, text, most) >= least; });
      if (frequency > 0) visit(text, PartOf(*clause, text, frequency));
    }
  });
}

float SealedQuery::MaxScore::PartOf(const Clause& clause, uint32_t text, uint32_t frequency) const {
  float part;
  PartsPortable(clause.formula, &text, &frequency, 1, segment_.short_lengths(), &part);
  return part;
}

// Adds the clause's parts to the sums of the stretch.
void SealedQuery::MaxScore::Bring(Clause* clause, uint32_t begin, uint32_t end) {
  if (clause->is_phrase()) {
    EachPhrase(clause, begin, end, 0, [&](uint32_t text, float part) { sums_[text - begin] += part; });
  } else if (clause->matcher) {
    clause->matcher->EachMatch(begin, end, [&](uint32_t text, uint32_t frequency) {
      sums_[text - begin] += PartOf(*clause, text, frequency);
    });
  } else {
    EachRun(clause, begin, end, [&](const PostingBlock& block, uint32_t from, uint32_t n, const float* parts) {
      for (uint32_t i = 0; i < n; ++i) sums_[block.ordinals[from + i] - begin] += parts[i];
    });
  }
}

// A clause that brings all texts of the stretch alone needs no sums.
void SealedQuery::MaxScore::BringAlone(Clause* clause, uint32_t begin, uint32_t end) {
  const float least = needed_ - rest_[essential_];
  if (clause->is_phrase()) {
    return EachPhrase(clause, begin, end, least, [&](uint32_t text, float part) {
      texts_[count_] = text;
      scores_[count_++] = part;
    });
  }
  EachRun(clause, begin, end, [&](const PostingBlock& block, uint32_t from, uint32_t n, const float* parts) {
    const size_t kept = kernels_.at_least(parts, n, least, kept_.data());
    for (size_t i = 0; i < kept; ++i) {
      texts_[count_] = block.ordinals[from + kept_[i]];
      scores_[count_++] = parts[kept_[i]];
    }
  });
}

// The texts of the stretch whose sums are of interest; the sums are zero again.
void SealedQuery::MaxScore::Collect(uint32_t begin, uint32_t end) {
  const float least = std::max(needed_ - rest_[essential_], std::numeric_limits<float>::min());
  count_ = kernels_.at_least(sums_.data(), end - begin, least, kept_.data());
  for (size_t i = 0; i < count_; ++i) {
    texts_[i] = begin + kept_[i];
    scores_[i] = sums_[kept_[i]];
  }
  std::fill_n(sums_.begin(), end - begin, 0.0f);
}

void SealedQuery::MaxScore::Keep(float least) {
  const size_t count = kernels_.at_least(scores_.data(), count_, least, kept_.data());
  if (count == count_) return;
  for (size_t i = 0; i < count; ++i) {
    texts_[i] = texts_[kept_[i]];
    scores_[i] = scores_[kept_[i]];
  }
  count_ = count;
}

// Adds an inessential clause's part to the texts there are; a required one drops those without it, a forbidden
// one those with it.
void SealedQuery::MaxScore::Apply(Clause* clause) {
  if (clause->is_term()) return ApplyTerm(clause);
  size_t count = 0;
  for (size_t i = 0; i < count_; ++i) {
    const uint32_t frequency = clause->FrequencyIn(texts_[i]);
    if (clause->occur == Occur::kNot ? frequency > 0 : clause->occur == Occur::kMust && frequency == 0) continue;
    float score = scores_[i];
    if (frequency > 0 && clause->occur != Occur::kNot) score += PartOf(*clause, texts_[i], frequency);
    texts_[count] = texts_[i];
    scores_[count++] = score;
  }
  count_ = count;
}

void SealedQuery::MaxScore::ApplyTerm(Clause* clause) {
  const size_t found = FindInTerm(clause);
  if (clause->occur == Occur::kNot) {
    size_t count = 0;
    for (size_t i = 0, f = 0; i < count_; ++i) {
      if (f < found && kept_[f] == i) {
        ++f;
        continue;
      }
      texts_[count] = texts_[i];
      scores_[count++] = scores_[i];
    }
    count_ = count;
    return;
  }
  kernels_.parts(clause->formula, scratch_.found.data(), scratch_.frequencies.data(), found, segment_.short_lengths(),
                 scratch_.parts.data());
  if (clause->occur == Occur::kShould) {
    for (size_t i = 0; i < found; ++i) scores_[kept_[i]] += scratch_.parts[i];
    return;
  }
  for (size_t i = 0; i < found; ++i) {
    texts_[i] = scratch_.found[i];
    scores_[i] = scores_[kept_[i]] + scratch_.parts[i];
  }
  count_ = found;
}

// Which of the texts have the term: their numbers to kept_, themselves and its frequencies there to the scratch.
size_t SealedQuery::MaxScore::FindInTerm(Clause* clause) {
  SealedCursor& cursor = *clause->cursor;
  size_t found = 0;
  const auto take = [&](uint32_t i, uint32_t frequency) {
    kept_[found] = i;
    scratch_.found[found] = texts_[i];
    scratch_.frequencies[found++] = frequency;
  };
  for (uint32_t i = 0, end = 0; i < count_; i = end) {
    cursor.Seek(texts_[i]);
    if (cursor.done()) break;
    // All texts of one block together.
    const PostingBlock& block = cursor.ordinals();
    const uint32_t last = block.ordinals[block.size - 1];
    for (end = i + 1; end < count_ && texts_[end] <= last;) ++end;
    if (end - i < kTogetherMin) {
      for (uint32_t j = i; j < end; ++j) {
        cursor.Seek(texts_[j]);
        if (cursor.ordinal() == texts_[j]) take(j, cursor.frequency());
      }
      continue;
    }
    uint32_t* const numbers = kept_.data() + found;
    const size_t common = search_.common(block.ordinals, texts_.data() + i, end - i, numbers, scratch_.places.data());
    if (common == 0) continue;
    const uint32_t* const frequencies = cursor.block().frequencies;
    for (size_t j = 0; j < common; ++j) take(i + numbers[j], frequencies[scratch_.places[j]]);
  }
  return found;
}

void SealedQuery::TopByMaxScore(const QueryScoring& scoring, const SlotSet& allowed, Pacer* pacer,
                                BestHits* best) const {
  if (const std::optional<size_t> only = OnlyTerm(scoring)) return TopOfTerm(*only, scoring, allowed, pacer, best);
  MaxScore(*this, scoring, allowed, pacer, best).Run();
}

void SealedQuery::Top(const QueryScoring& scoring, const SlotSet& allowed, Pacer* pacer, BestHits* best) const {
  return FewAllowed(allowed) ? TopByLookup(scoring, allowed, pacer, best)
                             : TopByMaxScore(scoring, allowed, pacer, best);
}

std::unique_ptr<const PartQuery> SealedPart::Bind(const std::vector<QueryClause>& clauses,
                                                  std::vector<std::vector<uint32_t>> terms) const {
  return std::make_unique<SealedQuery>(std::static_pointer_cast<const SealedPart>(shared_from_this()), clauses, terms);
}

}  // namespace engram
