// Block-max MAXSCORE: texts that only match clauses too weak to lift them among the best k are never looked at
// (Turtle & Flood, "Query evaluation: strategies and optimizations", 1995), with bounds for short stretches of
// texts instead of whole lists (Ding & Suel, 2011; Mallia et al., "Faster BlockMax WAND with variable-sized
// blocks", 2017, on windows).
//
// Stretch by stretch: every clause is bounded; those that together stay below the k-th best score so far only
// count for texts that the others, the essential ones, bring. Required clauses bring all texts themselves.
// Scores are floats here, with their error allowed for; whatever may be among the best is judged in double.
#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>

#include "index/text/score_bounds.h"
#include "index/text/score_kernels.h"
#include "index/text/sealed_query.h"

namespace engram {
namespace {

using Kind = TextClause::Kind;
using Occur = TextClause::Occur;

// A stretch has at least so many texts: below, bounding costs more than it spares.
constexpr uint32_t kStretchMin = 1024;

// What a thread needs again and again.
struct Scratch {
  std::vector<float> sums = std::vector<float>(kWindowTexts);  // zero between two stretches
  std::vector<uint32_t> texts = std::vector<uint32_t>(kWindowTexts + 16);
  std::vector<float> scores = std::vector<float>(kWindowTexts + 16);
  std::vector<uint32_t> kept = std::vector<uint32_t>(kWindowTexts + 16);
  std::vector<uint32_t> frequencies = std::vector<uint32_t>(kBlockPostings);  // of a query's only term
};

Scratch& ThreadScratch() {
  thread_local Scratch scratch;
  return scratch;
}

}  // namespace

class SealedQuery::MaxScore {
 public:
  MaxScore(const SealedQuery& query, const QueryScoring& scoring, const SlotSet& allowed, Pacer* pacer, BestHits* best);

  void Run();

 private:
  struct Clause {
    Clause(const SealedQuery& query, const QueryScoring& scoring, size_t i);

    // Over [begin, end); at least every part there.
    float Bound(uint32_t begin, uint32_t end);
    float SuperBound(uint32_t begin, uint32_t* end);
    // At or before the next match at or behind `ordinal`, UINT32_MAX when there is none: quick, or as near as can be.
    uint32_t Near(uint32_t ordinal);
    uint32_t NextFrom(uint32_t ordinal);
    uint32_t FrequencyIn(uint32_t ordinal);
    uint64_t StepsOver(uint64_t texts) const { return texts * lists; }  // for the pacer

    Occur occur;
    double weight;
    PartFormula formula;
    size_t lists;
    uint64_t postings = 0;
    float bound = 0;                                         // of the current stretch
    float bound_max = 0;                                     // of all texts
    std::optional<SealedCursor> cursor;                      // kTerm
    std::optional<ClauseMatcher<SealedListCursor>> matcher;  // all others
    std::vector<ListBounds> bounds;                          // summed; a phrase has only that of its rarest term
  };

  void Prime();
  void PrimeWith(Clause* clause);
  void FindLeads();
  bool FindStretch(uint32_t* begin, uint32_t* end);
  uint32_t StretchEnd(uint32_t begin);
  void Partition();
  void ScoreStretch(uint32_t begin, uint32_t end);
  void Bring(Clause* clause, uint32_t begin, uint32_t end);
  // Calls `visit(block, from, n, parts)` for the clause's postings in [begin, end), those of a block at a time.
  template <class Visit>
  void EachRun(Clause* clause, uint32_t begin, uint32_t end, Visit visit);
  void BringTerm(Clause* clause, uint32_t begin, uint32_t end);
  void Collect(uint32_t begin, uint32_t end);
  void Apply(Clause* clause);
  void Keep(float least);
  void Judge();
  void SetNeeded();
  // Then a score has one part, and what a block says is enough to judge by.
  bool one_term() const { return clauses_.size() == 1 && clauses_[0].cursor; }
  double Score(uint32_t text, uint32_t frequency);

  const SealedQuery& query_;
  const TextSegment& segment_;
  const QueryScoring& scoring_;
  const SlotSet& allowed_;
  Pacer& pacer_;
  BestHits& best_;
  const ScoreKernels& kernels_ = ChosenScoreKernels();
  std::vector<Clause> clauses_;
  // The optional clauses, the least bound of all texts first; then the required ones, the rarest last.
  std::vector<Clause*> by_max_;
  size_t required_ = 0;  // how many of by_max_ are required
  // by_max_[leads_ ..) are those without which no text is among the best: the rarest required one alone, or the
  // optional ones that the others together can't replace.
  size_t leads_ = 0;
  std::vector<Clause*> forbidden_;
  // The same clauses by their bounds in the stretch; the required ones stay behind, a single lead last.
  std::vector<Clause*> by_bound_;
  size_t essential_ = 0;     // by_bound_[essential_ ..) bring texts
  std::vector<float> rest_;  // rest_[i]: what by_bound_[0 .. i) can add
  uint32_t super_end_ = 0;   // to where super_sum_ bounds all scores
  float super_sum_ = 0;
  float slack_;
  float needed_ = 0;  // what a float sum has to reach for its text to be of interest
  std::vector<ClauseMatcher<SealedListCursor>> judges_;

  Scratch& scratch_ = ThreadScratch();
  std::vector<float>& sums_ = scratch_.sums;
  std::vector<uint32_t>& texts_ = scratch_.texts;
  std::vector<float>& scores_ = scratch_.scores;
  std::vector<uint32_t>& kept_ = scratch_.kept;
  std::vector<uint32_t>& frequencies_ = scratch_.frequencies;
  size_t count_ = 0;  // of texts_ and scores_
};

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
  if (is_phrase) postings = bound_clause.lists[bound_clause.rarest()].count;
  if (bound_clause.kind == Kind::kTerm) {
    cursor.emplace(segment.postings(bound_clause.lists[0].term));
  } else {
    matcher.emplace(query.part(), bound_clause);
  }
  if (occur == Occur::kNot) return;
  for (size_t l = 0; l < bound_clause.lists.size(); ++l) {
    // A phrase occurs no more often than its rarest term.
    if (is_phrase && l != bound_clause.rarest()) continue;
    bounds.emplace_back(segment, cursor ? cursor->postings() : segment.postings(bound_clause.lists[l].term), weight,
                        scoring.norm);
    bound_max += bounds.back().max();
  }
  bound_max = std::min(bound_max, RoundedUp(weight));
}

// f / (f + norm) of a sum of frequencies is at most the sum over them, and below 1.
float SealedQuery::MaxScore::Clause::Bound(uint32_t begin, uint32_t end) {
  float sum = 0;
  for (ListBounds& list : bounds) sum += list.Max(begin, end);
  return std::min(sum, bound_max);
}

float SealedQuery::MaxScore::Clause::SuperBound(uint32_t begin, uint32_t* end) {
  float sum = 0;
  for (ListBounds& list : bounds) sum += list.SuperMax(begin, end);
  return std::min(sum, bound_max);
}

uint32_t SealedQuery::MaxScore::Clause::Near(uint32_t ordinal) {
  return cursor && cursor->postings().is_long() ? bounds[0].Near(ordinal) : NextFrom(ordinal);
}

uint32_t SealedQuery::MaxScore::Clause::NextFrom(uint32_t ordinal) {
  if (matcher) return matcher->NextFrom(ordinal);
  if (!cursor) return UINT32_MAX;
  cursor->Seek(ordinal);
  return cursor->done() ? UINT32_MAX : cursor->ordinal();
}

uint32_t SealedQuery::MaxScore::Clause::FrequencyIn(uint32_t ordinal) {
  if (matcher) return matcher->FrequencyIn(ordinal);
  return NextFrom(ordinal) == ordinal ? cursor->frequency() : 0;
}

SealedQuery::MaxScore::MaxScore(const SealedQuery& query, const QueryScoring& scoring, const SlotSet& allowed,
                                Pacer* pacer, BestHits* best)
    : query_(query),
      segment_(query.part().segment()),
      scoring_(scoring),
      allowed_(allowed),
      pacer_(*pacer),
      best_(*best) {
  clauses_.reserve(scoring.clauses.size());
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
  slack_ = 1 + kPartError + static_cast<float>(clauses_.size()) * 0x1p-23f;
}

void SealedQuery::MaxScore::SetNeeded() {
  const auto floor = static_cast<float>(best_.floor() * (1 - 0x1p-22));
  needed_ = std::max(floor / slack_, std::numeric_limits<float>::min());
}

// The k best of the postings that promise most, judged in full, are a floor for all others.
void SealedQuery::MaxScore::Prime() {
  if (required_ > 0 || !forbidden_.empty() || best_.floor() > 0) return;
  for (auto clause = by_max_.rbegin(); clause != by_max_.rend(); ++clause) {
    if ((*clause)->cursor && (*clause)->postings >= best_.k()) return PrimeWith(*clause);
  }
}

void SealedQuery::MaxScore::PrimeWith(Clause* clause) {
  const SealedPostings& postings = clause->cursor->postings();
  PostingBlock block;
  const uint32_t number = clause->bounds[0].BestBlock();
  postings.ReadOrdinals(number, &block);
  postings.ReadFrequencies(number, &block);
  kernels_.parts(clause->formula, block.ordinals, block.frequencies, block.size, segment_.short_lengths(),
                 scores_.data());
  std::vector<uint32_t> order(block.size);
  std::iota(order.begin(), order.end(), 0);
  const size_t k = best_.k();
  const auto end = order.begin() + static_cast<ptrdiff_t>(std::min<size_t>(2 * k, block.size));
  std::partial_sort(order.begin(), end, order.end(), [&](uint32_t a, uint32_t b) { return scores_[a] > scores_[b]; });
  std::vector<uint32_t> chosen;
  for (auto at = order.begin(); at != end && chosen.size() < k; ++at) {
    if (allowed_.contains(segment_.text_slot(block.ordinals[*at]).value)) chosen.push_back(*at);
  }
  if (chosen.size() < k) return;
  std::sort(chosen.begin(), chosen.end());
  double least = std::numeric_limits<double>::infinity();
  for (const uint32_t i : chosen) least = std::min(least, Score(block.ordinals[i], block.frequencies[i]));
  best_.RaiseFloor(least);
}

// Of a text that matches and breaks no rule; `frequency` is that of a query's only term.
double SealedQuery::MaxScore::Score(uint32_t text, uint32_t frequency) {
  if (!one_term()) return query_.Judge(scoring_, text, &judges_).score;
  return Bm25Part(clauses_[0].weight, frequency, scoring_.norm(segment_.text_length(text)));
}

void SealedQuery::MaxScore::Run() {
  if (by_max_.empty()) return;
  for (const Clause* clause : by_max_) {
    if (clause->occur == Occur::kMust && clause->postings == 0) return;
  }
  if (!one_term()) judges_ = query_.Matchers();
  Prime();
  SetNeeded();
  uint32_t begin = 0;
  uint32_t end = 0;
  for (; FindStretch(&begin, &end); begin = end) ScoreStretch(begin, end);
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

    if (*begin >= super_end_) {
      super_end_ = query_.text_count();
      super_sum_ = 0;
      for (Clause* clause : by_max_) super_sum_ += clause->SuperBound(*begin, &super_end_);
    }
    if (super_sum_ < needed_) {
      *begin = super_end_;
      continue;
    }
    *end = StretchEnd(*begin);
    float sum = 0;
    for (Clause* clause : by_max_) sum += clause->bound = clause->Bound(*begin, *end);
    if (sum >= needed_) {
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

// A single lead needs no sums: then a stretch is a block of its postings.
uint32_t SealedQuery::MaxScore::StretchEnd(uint32_t begin) {
  const uint32_t left = query_.text_count() - begin;
  const bool alone = leads_ + 1 == by_max_.size();
  if (alone && by_max_.back()->cursor) return by_max_.back()->bounds[0].BlockEnd(begin);
  uint32_t block_end = UINT32_MAX;
  for (size_t i = leads_; i < by_max_.size(); ++i) {
    for (ListBounds& list : by_max_[i]->bounds) block_end = std::min(block_end, list.BlockEnd(begin));
  }
  return begin + std::min(left, std::clamp(block_end - begin, kStretchMin, kWindowTexts));
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
    BringTerm(by_bound_.back(), begin, end);
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
  if (!one_term()) Keep(needed_);
  for (Clause* clause : forbidden_) Apply(clause);
  Judge();
}

template <class Visit>
void SealedQuery::MaxScore::EachRun(Clause* clause, uint32_t begin, uint32_t end, Visit visit) {
  SealedCursor& cursor = *clause->cursor;
  float parts[kBlockPostings];
  for (cursor.Seek(begin); !cursor.done() && cursor.ordinal() < end;) {
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

// Adds the clause's parts to the sums of the stretch.
void SealedQuery::MaxScore::Bring(Clause* clause, uint32_t begin, uint32_t end) {
  if (clause->matcher) {
    const auto part = [&](uint32_t ordinal, uint32_t frequency) {
      float value;
      PartsPortable(clause->formula, &ordinal, &frequency, 1, segment_.short_lengths(), &value);
      return value;
    };
    // Where this clause alone brings texts, a phrase that can't lift its text isn't looked for.
    const float least = essential_ + 1 == by_bound_.size() ? needed_ - rest_[essential_] : 0;
    clause->matcher->EachMatchWhere(
        begin, end, [&](uint32_t ordinal, uint32_t most) { return part(ordinal, most) >= least; },
        [&](uint32_t ordinal, uint32_t frequency) { sums_[ordinal - begin] += part(ordinal, frequency); });
    return;
  }
  EachRun(clause, begin, end, [&](const PostingBlock& block, uint32_t from, uint32_t n, const float* parts) {
    for (uint32_t i = 0; i < n; ++i) sums_[block.ordinals[from + i] - begin] += parts[i];
  });
}

// A clause that brings all texts of the stretch alone needs no sums.
void SealedQuery::MaxScore::BringTerm(Clause* clause, uint32_t begin, uint32_t end) {
  const float least = needed_ - rest_[essential_];
  EachRun(clause, begin, end, [&](const PostingBlock& block, uint32_t from, uint32_t n, const float* parts) {
    const size_t kept = kernels_.at_least(parts, n, least, kept_.data());
    for (size_t i = 0; i < kept; ++i) {
      if (one_term()) frequencies_[count_] = block.frequencies[from + kept_[i]];
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
  size_t count = 0;
  for (size_t i = 0; i < count_; ++i) {
    const uint32_t frequency = clause->FrequencyIn(texts_[i]);
    if (clause->occur == Occur::kNot ? frequency > 0 : clause->occur == Occur::kMust && frequency == 0) continue;
    float score = scores_[i];
    if (frequency > 0 && clause->occur != Occur::kNot) {
      float part;
      PartsPortable(clause->formula, &texts_[i], &frequency, 1, segment_.short_lengths(), &part);
      score += part;
    }
    texts_[count] = texts_[i];
    scores_[count++] = score;
  }
  count_ = count;
}

void SealedQuery::MaxScore::Judge() {
  for (size_t i = 0; i < count_; ++i) {
    if (scores_[i] < needed_) continue;
    const Slot slot = segment_.text_slot(texts_[i]);
    if (!allowed_.contains(slot.value)) continue;
    const double score = Score(texts_[i], frequencies_[one_term() ? i : 0]);
    if (!best_.Wants(slot, score)) continue;
    best_.Add(slot, score);
    SetNeeded();
  }
}

void SealedQuery::TopByMaxScore(const QueryScoring& scoring, const SlotSet& allowed, Pacer* pacer,
                                BestHits* best) const {
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
