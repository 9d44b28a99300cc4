#include "index/text/top_scorer.h"

#include <algorithm>
#include <bit>

#include "index/text/matcher.h"

namespace engram {
namespace {

using Occur = TextClause::Occur;

// The k best hits so far, the worst of them in front.
class BestHits {
 public:
  explicit BestHits(size_t k) : k_(k) {}

  // Texts come in ascending order of slot, so one that only ties with the worst is worse.
  bool Wants(double score) const { return hits_.size() < k_ || score > hits_.front().score; }

  void Add(Slot slot, double score) {
    if (hits_.size() == k_) {
      std::pop_heap(hits_.begin(), hits_.end(), BetterHit);
      hits_.pop_back();
    }
    hits_.push_back({slot, score});
    std::push_heap(hits_.begin(), hits_.end(), BetterHit);
  }

  std::vector<ScoredSlot> Sorted() && {
    std::sort(hits_.begin(), hits_.end(), BetterHit);
    return std::move(hits_);
  }

 private:
  size_t k_;
  std::vector<ScoredSlot> hits_;
};

std::vector<ClauseMatcher> Matchers(const TextView::Rep& view) {
  std::vector<ClauseMatcher> matchers;
  matchers.reserve(view.clauses().size());
  for (const BoundClause& clause : view.clauses()) matchers.emplace_back(view.part(), clause);
  return matchers;
}

// Sums the clauses of one window after the other, each in the order of the query.
class WindowScorer {
 public:
  WindowScorer(const TextView::Rep& view, const SlotSet& allowed, size_t k)
      : view_(view), allowed_(allowed), matchers_(Matchers(view)), best_(k) {
    for (const BoundClause& clause : view.clauses()) must_count_ += clause.occur == Occur::kMust;
  }

  std::vector<ScoredSlot> Run() && {
    for (uint32_t begin = NextMatch(); begin != ClauseMatcher::kEnd; begin = NextMatch()) {
      const uint32_t end = std::min(view_.text_count() - begin, kWindowTexts) + begin;
      for (size_t i = 0; i < matchers_.size(); ++i) Accumulate(i, begin, end);
      Collect(begin);
    }
    return std::move(best_).Sorted();
  }

 private:
  uint32_t NextMatch() const {
    uint32_t next = ClauseMatcher::kEnd;
    for (size_t i = 0; i < matchers_.size(); ++i) {
      if (view_.clauses()[i].scores()) next = std::min(next, matchers_[i].next());
    }
    return next;
  }

  void Accumulate(size_t i, uint32_t begin, uint32_t end) {
    const Occur occur = view_.clauses()[i].occur;
    if (occur == Occur::kNot) {
      matchers_[i].EachMatch(begin, end, [&](uint32_t ordinal, uint32_t) { forbidden_[ordinal - begin] = true; });
      return;
    }
    const double weight = view_.weights()[i];
    const uint16_t must = occur == Occur::kMust ? 1 : 0;
    matchers_[i].EachMatch(begin, end, [&](uint32_t ordinal, uint32_t frequency) {
      const uint32_t place = ordinal - begin;
      scores_[place] += Bm25Part(weight, frequency, view_.norm()(view_.part().text_length(ordinal)));
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
    if (musts != must_count_ || forbidden_[place] || !best_.Wants(score)) return;
    const Slot slot = view_.part().text_slot(begin + place);
    if (allowed_.contains(slot.value)) best_.Add(slot, score);
  }

  const TextView::Rep& view_;
  const SlotSet& allowed_;
  std::vector<ClauseMatcher> matchers_;
  BestHits best_;
  uint16_t must_count_ = 0;
  std::vector<double> scores_ = std::vector<double>(kWindowTexts);
  std::vector<uint16_t> musts_ = std::vector<uint16_t>(kWindowTexts);
  std::vector<uint8_t> forbidden_ = std::vector<uint8_t>(kWindowTexts);
  std::vector<uint64_t> touched_ = std::vector<uint64_t>(kWindowTexts / 64);
};

struct Judgement {
  bool matches = false;
  double score = 0;
};

Judgement Judge(const TextView::Rep& view, std::vector<ClauseMatcher>* matchers, uint32_t ordinal) {
  Judgement judgement;
  const double norm = view.norm()(view.part().text_length(ordinal));
  const std::vector<double>& weights = view.weights();
  for (size_t i = 0; i < matchers->size(); ++i) {
    const Occur occur = view.clauses()[i].occur;
    const uint32_t frequency = (*matchers)[i].FrequencyIn(ordinal);
    if (frequency == 0 && occur == Occur::kMust) return {};
    if (frequency == 0) continue;
    if (occur == Occur::kNot) return {};
    judgement.matches = true;
    judgement.score += Bm25Part(weights[i], frequency, norm);
  }
  return judgement;
}

}  // namespace

std::vector<ScoredSlot> TopByWalking(const TextView::Rep& view, const SlotSet& allowed, size_t k) {
  return WindowScorer(view, allowed, k).Run();
}

std::vector<ScoredSlot> TopByLookup(const TextView::Rep& view, const SlotSet& allowed, size_t k) {
  std::vector<ClauseMatcher> matchers = Matchers(view);
  BestHits best(k);
  for (const uint32_t slot : allowed) {
    const uint32_t ordinal = view.part().text_ordinal(Slot(slot), view.text_count());
    if (ordinal == TextPart::kNoText) continue;
    const Judgement judgement = Judge(view, &matchers, ordinal);
    if (judgement.matches && best.Wants(judgement.score)) best.Add(Slot(slot), judgement.score);
  }
  return std::move(best).Sorted();
}

}  // namespace engram
