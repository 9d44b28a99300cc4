// A query on one part by walking its postings: sums over all of them, in double, in the order of the clauses.
// This is the exact form that every other way to a score has to agree with.
#pragma once

#include <algorithm>
#include <bit>
#include <memory>
#include <utility>
#include <vector>

#include "index/text/matcher.h"
#include "index/text/part.h"

namespace engram {

// Cursor as in matcher.h. Its Part has, without a lock, text_slot, text_length, text_live and text_ordinal.
template <class Cursor>
class WalkingQuery : public PartQuery {
 public:
  using PartType = typename Cursor::Part;
  using Matcher = ClauseMatcher<Cursor>;

  // Under the owner's lock; the rest needs none. `terms` as for Part::Bind.
  WalkingQuery(std::shared_ptr<const PartType> part, const std::vector<QueryClause>& clauses,
               const std::vector<std::vector<uint32_t>>& terms)
      : part_(std::move(part)), text_count_(part_->text_count()), epoch_(part_->epoch()) {
    clauses_.reserve(clauses.size());
    for (size_t i = 0; i < clauses.size(); ++i) {
      clauses_.push_back({clauses[i].kind, Lists(clauses[i].kind, terms[i]), clauses[i].offsets});
    }
  }

  Slot last_slot() const override { return part_->text_slot(text_count_ - 1); }

  uint64_t LiveMatches(size_t i, Pacer* pacer) const override {
    uint64_t texts = 0;
    EachMatch(i, pacer, [&](uint32_t ordinal) { texts += part_->text_live(ordinal, epoch_); });
    return texts;
  }

  SlotSet Matches(size_t i, Pacer* pacer) const override {
    SlotSet slots;
    EachMatch(i, pacer, [&](uint32_t ordinal) { slots.add(part_->text_slot(ordinal).value); });
    return slots;
  }

  void Top(const QueryScoring& scoring, const SlotSet& allowed, Pacer* pacer, BestHits* best) const override {
    return FewAllowed(allowed) ? TopByLookup(scoring, allowed, pacer, best)
                               : TopByWalking(scoring, allowed, pacer, best);
  }

  void Score(const QueryScoring& scoring, const std::vector<Slot>& slots, Pacer* pacer, double* scores) const override {
    std::vector<uint32_t> ordinals;
    ordinals.reserve(slots.size());
    for (const Slot slot : slots) ordinals.push_back(part_->text_ordinal(slot, text_count_));
    for (size_t i = 0; i < clauses_.size(); ++i) {
      if (!scoring.clauses[i].scores()) continue;
      Matcher matcher(*part_, clauses_[i]);
      for (size_t at = 0; at < slots.size(); ++at) {
        if (ordinals[at] == PartType::kNoText) continue;
        if (!pacer->Spend(LookupSteps(i))) return;
        const uint32_t frequency = matcher.FrequencyIn(ordinals[at]);
        if (frequency == 0) continue;
        scores[at] += Bm25Part(scoring.weights[i], frequency, scoring.norm(part_->text_length(ordinals[at])));
      }
    }
  }

  Occurrence Find(size_t i, Slot slot) const override {
    const uint32_t ordinal = part_->text_ordinal(slot, text_count_);
    if (ordinal == PartType::kNoText) return {};
    return {Matcher(*part_, clauses_[i]).FrequencyIn(ordinal), part_->text_length(ordinal)};
  }

  // Ways to do what Top does: walking the postings, or looking up each allowed text; which is faster depends on
  // how many are allowed.
  void TopByWalking(const QueryScoring& scoring, const SlotSet& allowed, Pacer* pacer, BestHits* best) const {
    WindowScorer(*this, scoring, allowed, best).Run(pacer);
  }

  void TopByLookup(const QueryScoring& scoring, const SlotSet& allowed, Pacer* pacer, BestHits* best) const {
    std::vector<Matcher> matchers = Matchers();
    uint64_t steps = 0;  // for one text
    for (size_t i = 0; i < clauses_.size(); ++i) steps += LookupSteps(i);
    SlotSet::const_iterator slot = allowed.begin();
    for (slot.equalorlarger(part_->text_slot(0).value); slot != allowed.end() && *slot <= last_slot().value; ++slot) {
      const uint32_t ordinal = part_->text_ordinal(Slot(*slot), text_count_);
      if (ordinal == PartType::kNoText) continue;
      if (!pacer->Spend(steps)) return;
      const Judgement judgement = Judge(scoring, ordinal, &matchers);
      if (judgement.matches && best->Wants(Slot(*slot), judgement.score)) best->Add(Slot(*slot), judgement.score);
    }
  }

 protected:
  struct Judgement {
    bool matches = false;
    double score = 0;
  };

  const PartType& part() const { return *part_; }
  uint32_t text_count() const { return text_count_; }
  const std::vector<BoundClause<Cursor>>& clauses() const { return clauses_; }

  std::vector<Matcher> Matchers() const {
    std::vector<Matcher> matchers;
    matchers.reserve(clauses_.size());
    for (const auto& clause : clauses_) matchers.emplace_back(*part_, clause);
    return matchers;
  }

  // Whether a text matches and breaks no rule, and then its score. Any order; ascending is fast.
  Judgement Judge(const QueryScoring& scoring, uint32_t ordinal, std::vector<Matcher>* matchers) const {
    const double norm = scoring.norm(part_->text_length(ordinal));
    Judgement judgement;
    for (size_t i = 0; i < matchers->size(); ++i) {
      const TextClause::Occur occur = scoring.clauses[i].occur;
      const uint32_t frequency = (*matchers)[i].FrequencyIn(ordinal);
      if (frequency == 0 && occur == TextClause::Occur::kMust) return {};
      if (frequency == 0) continue;
      if (occur == TextClause::Occur::kNot) return {};
      judgement.matches = true;
      judgement.score += Bm25Part(scoring.weights[i], frequency, norm);
    }
    return judgement;
  }

  bool FewAllowed(const SlotSet& allowed) const {
    uint64_t lists = 0;
    uint64_t postings = 0;
    for (const auto& clause : clauses_) {
      lists += clause.lists.size();
      for (const auto& list : clause.lists) postings += Cursor::Count(list);
    }
    const uint32_t first = part_->text_slot(0).value;
    const uint64_t here = allowed.rank(last_slot().value) - (first == 0 ? 0 : allowed.rank(first - 1));
    return here * lists * Cursor::kLookupCost < postings;
  }

  // For the pacer: what clause `i` costs over so many texts at the most, and looked up in one, in postings.
  uint64_t WalkSteps(size_t i, uint32_t texts) const { return uint64_t{texts} * clauses_[i].lists.size(); }
  uint64_t LookupSteps(size_t i) const { return Cursor::kLookupCost * clauses_[i].lists.size(); }

 private:
  // All terms of a word or phrase, or none when one is missing; what there is of a prefix or fuzzy word.
  std::vector<typename Cursor::List> Lists(TextClause::Kind kind, const std::vector<uint32_t>& terms) const {
    std::vector<typename Cursor::List> lists;
    for (const uint32_t term : terms) {
      if (term != Part::kNoTerm) {
        lists.push_back(Cursor::ListOf(*part_, term));
      } else if (kind == TextClause::Kind::kTerm || kind == TextClause::Kind::kPhrase) {
        return {};
      }
    }
    return lists;
  }

  // Calls `visit(ordinal)` for the texts that match clause `i`.
  template <class Visit>
  void EachMatch(size_t i, Pacer* pacer, Visit visit) const {
    Matcher matcher(*part_, clauses_[i]);
    for (uint32_t begin = matcher.next(); begin != Matcher::kEnd; begin = matcher.next()) {
      const uint32_t end = std::min(text_count_ - begin, kWindowTexts) + begin;
      if (!pacer->Spend(WalkSteps(i, end - begin))) return;
      matcher.EachMatch(begin, end, [&](uint32_t ordinal, uint32_t) { visit(ordinal); });
    }
  }

  // Sums the clauses of one window after the other, each in the order of the query.
  class WindowScorer {
   public:
    WindowScorer(const WalkingQuery& query, const QueryScoring& scoring, const SlotSet& allowed, BestHits* best)
        : query_(query), scoring_(scoring), allowed_(allowed), matchers_(query.Matchers()), best_(*best) {
      for (const QueryClause& clause : scoring.clauses) must_count_ += clause.occur == TextClause::Occur::kMust;
    }

    void Run(Pacer* pacer) && {
      for (uint32_t begin = NextMatch(); begin != Matcher::kEnd; begin = NextMatch()) {
        const uint32_t end = std::min(query_.text_count_ - begin, kWindowTexts) + begin;
        for (size_t i = 0; i < matchers_.size(); ++i) {
          if (!pacer->Spend(query_.WalkSteps(i, end - begin))) return;
          Accumulate(i, begin, end);
        }
        Collect(begin);
      }
    }

   private:
    uint32_t NextMatch() const {
      uint32_t next = Matcher::kEnd;
      for (size_t i = 0; i < matchers_.size(); ++i) {
        if (scoring_.clauses[i].scores()) next = std::min(next, matchers_[i].next());
      }
      return next;
    }

    void Accumulate(size_t i, uint32_t begin, uint32_t end) {
      const TextClause::Occur occur = scoring_.clauses[i].occur;
      if (occur == TextClause::Occur::kNot) {
        matchers_[i].EachMatch(begin, end, [&](uint32_t ordinal, uint32_t) { forbidden_[ordinal - begin] = true; });
        return;
      }
      const double weight = scoring_.weights[i];
      const uint16_t must = occur == TextClause::Occur::kMust ? 1 : 0;
      matchers_[i].EachMatch(begin, end, [&](uint32_t ordinal, uint32_t frequency) {
        const uint32_t place = ordinal - begin;
        scores_[place] += Bm25Part(weight, frequency, scoring_.norm(query_.part_->text_length(ordinal)));
        musts_[place] = static_cast<uint16_t>(musts_[place] + must);
        touched_[place / 64] |= uint64_t{1} << (place % 64);
      });
    }

    void Collect(uint32_t begin) {
      for (uint32_t i = 0; i < touched_.size(); ++i) {
        for (uint64_t bits = std::exchange(touched_[i], 0); bits != 0; bits &= bits - 1) {
          Offer(begin, i * 64 + static_cast<uint32_t>(std::countr_zero(bits)));
        }
      }
      std::fill(forbidden_.begin(), forbidden_.end(), false);
    }

    void Offer(uint32_t begin, uint32_t place) {
      const double score = std::exchange(scores_[place], 0.0);
      const uint16_t musts = std::exchange(musts_[place], uint16_t{0});
      if (musts != must_count_ || forbidden_[place] || score < best_.floor()) return;
      const Slot slot = query_.part_->text_slot(begin + place);
      if (best_.Wants(slot, score) && allowed_.contains(slot.value)) best_.Add(slot, score);
    }

    const WalkingQuery& query_;
    const QueryScoring& scoring_;
    const SlotSet& allowed_;
    std::vector<Matcher> matchers_;
    BestHits& best_;
    uint16_t must_count_ = 0;
    std::vector<double> scores_ = std::vector<double>(kWindowTexts);
    std::vector<uint16_t> musts_ = std::vector<uint16_t>(kWindowTexts);
    std::vector<uint8_t> forbidden_ = std::vector<uint8_t>(kWindowTexts);
    std::vector<uint64_t> touched_ = std::vector<uint64_t>(kWindowTexts / 64);
  };

  const std::shared_ptr<const PartType> part_;
  const uint32_t text_count_;
  const uint64_t epoch_;
  std::vector<BoundClause<Cursor>> clauses_;
};

}  // namespace engram
