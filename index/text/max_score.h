// Block-max MAXSCORE: texts that only match clauses too weak to lift them among the best k are never looked at
// (Turtle & Flood, "Query evaluation: strategies and optimizations", 1995), with bounds for short stretches of
// texts instead of whole lists (Ding & Suel, 2011; Mallia et al., "Faster BlockMax WAND with variable-sized
// blocks", 2017, on windows).
//
// Stretch by stretch: every clause is bounded; those that together stay below the k-th best score so far only
// count for texts that the others, the essential ones, bring. Required clauses bring all texts themselves.
// Scores are floats here, with their error allowed for; whatever may be among the best is judged in double, once
// the floats have told what that is.
//
// Confined to one thread. Private to sealed queries.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <vector>

#include "index/text/block_search.h"
#include "index/text/score_bounds.h"
#include "index/text/score_kernels.h"
#include "index/text/sealed_query.h"

namespace engram {

class SealedQuery::MaxScore {
 public:
  MaxScore(const SealedQuery& query, const QueryScoring& scoring, const SlotSet& allowed, Pacer* pacer, BestHits* best);

  void Run();

 private:
  struct Clause {
    Clause(const SealedQuery& query, const QueryScoring& scoring, size_t i);
    Clause(Clause&&) = delete;

    // Over [begin, end); at least every part there. REQUIRES: `begin` not before an earlier one.
    float Bound(uint32_t begin, uint32_t end);
    float CoarseBound(uint32_t begin, uint32_t end);  // quick
    float SuperBound(uint32_t begin, uint32_t* end);
    // At or before the next match at or behind `ordinal`, UINT32_MAX when there is none: quick, or as near as can be.
    uint32_t Near(uint32_t ordinal);
    uint32_t NextFrom(uint32_t ordinal);
    uint32_t FrequencyIn(uint32_t ordinal);
    uint64_t StepsOver(uint64_t texts) const { return texts * lists; }  // for the pacer

    TextClause::Occur occur;
    double weight;
    PartFormula formula;
    size_t lists;
    uint64_t postings = 0;
    bool sparse = false;                                     // a stretch may well have none of its postings
    float bound = 0;                                         // of the current stretch
    float bound_max = 0;                                     // of all texts
    std::optional<SealedCursor> own;                         // kTerm
    std::optional<ClauseMatcher<SealedListCursor>> matcher;  // all others
    SealedCursor* cursor = nullptr;                          // a word's own, or that of a phrase's rarest term
    std::vector<ListBounds> bounds;                          // summed; a phrase has only that of its rarest term

    bool is_term() const { return own.has_value(); }
    bool is_phrase() const { return cursor != nullptr && matcher; }
  };

  // Texts are looked at so many at a time: the sums of them stay in the cache, and bounding a stretch costs little next
  // to what it spares.
  static constexpr uint32_t kStretchTexts = 8192;

  struct Candidate {
    uint32_t text;
    float score;
  };

  // max_score_floor.cc: what the best k have to reach, and who they are.
  void Prime();
  bool TakeBestOf(Clause* clause, size_t blocks);
  void RaiseFloorTo(float score);
  void SetNeeded();
  void Offer();
  void Reach(float score);
  void Judge();

  void FindLeads();
  bool FindStretch(uint32_t* begin, uint32_t* end);
  void BoundSuper(uint32_t begin);
  bool IsPromising(uint32_t begin, uint32_t end);
  uint32_t StretchEnd(uint32_t begin);
  void Partition();
  void ScoreStretch(uint32_t begin, uint32_t end);
  void Bring(Clause* clause, uint32_t begin, uint32_t end);
  // Calls `visit(block, from, n, parts)` for the postings of the clause's cursor in [begin, end), those of a block at
  // a time.
  template <class Visit>
  void EachRun(Clause* clause, uint32_t begin, uint32_t end, Visit visit);
  // The same for those of a phrase's rarest term whose part may reach `least`: `visit(ordinal, part)`.
  template <class Visit>
  void EachPhrase(Clause* clause, uint32_t begin, uint32_t end, float least, Visit visit);
  void BringAlone(Clause* clause, uint32_t begin, uint32_t end);
  void Collect(uint32_t begin, uint32_t end);
  void Apply(Clause* clause);
  void ApplyTerm(Clause* clause);
  size_t FindInTerm(Clause* clause);
  void Keep(float least);
  float PartOf(const Clause& clause, uint32_t text, uint32_t frequency) const;

  // What a thread needs again and again. Aligned, so that what kernels load and store keeps within cache lines.
  struct alignas(64) Scratch {
    // As many as a stretch has texts, and what kernels may touch behind them.
    template <class T>
    using Array = std::array<T, kStretchTexts + 16>;

    Array<float> sums{};  // zero between two stretches
    Array<uint32_t> texts;
    Array<float> scores;
    Array<uint32_t> kept;
    Array<uint32_t> places;
    Array<uint32_t> found;
    Array<uint32_t> frequencies;
    Array<float> parts;
    std::vector<Candidate> candidates;
    std::vector<float> reached;
  };
  static Scratch& ThreadScratch();

  const SealedQuery& query_;
  const TextSegment& segment_;
  const QueryScoring& scoring_;
  const SlotSet& allowed_;
  Pacer& pacer_;
  BestHits& best_;
  const ScoreKernels& kernels_ = ChosenScoreKernels();
  const BlockSearchKernels& search_ = ChosenBlockSearchKernels();
  std::deque<Clause> clauses_;  // stay where they are
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
  Scratch::Array<float>& sums_ = scratch_.sums;
  Scratch::Array<uint32_t>& texts_ = scratch_.texts;
  Scratch::Array<float>& scores_ = scratch_.scores;
  Scratch::Array<uint32_t>& kept_ = scratch_.kept;
  size_t count_ = 0;  // of texts_ and scores_
  // May be among the best; to be judged.
  std::vector<Candidate>& candidates_ = scratch_.candidates;
  // The k highest scores so far, of candidates and of hits of other parts, the least in front.
  std::vector<float>& reached_ = scratch_.reached;
};

}  // namespace engram
