#include "index/text/text_view.h"

#include <algorithm>
#include <numeric>

#include <fmt/format.h>

#include "index/text/clause_terms.h"

namespace engram {
namespace {

using Kind = TextClause::Kind;
using Occur = TextClause::Occur;
using Parts = std::vector<std::shared_ptr<Part>>;
using Numbers = std::vector<std::vector<uint32_t>>;  // of terms, by clause

// Some hundred microseconds of walking, next to which asking costs nothing.
constexpr uint64_t kPostingsBetweenPauses = uint64_t{1} << 17;

std::string Label(const TextClause& clause) {
  switch (clause.kind) {
    case Kind::kTerm: return clause.terms[0];
    case Kind::kPhrase: return fmt::format("{}", fmt::join(clause.terms, " "));
    case Kind::kPrefix: return clause.terms[0] + "*";
    case Kind::kFuzzy: return clause.terms[0] + "~";
  }
  return {};
}

uint64_t Sum(const Parts& parts, uint64_t (Part::*figure)() const) {
  uint64_t sum = 0;
  for (const auto& part : parts) sum += (part.get()->*figure)();
  return sum;
}

}  // namespace

TextView::Rep::Rep(const Parts& parts, const Bm25Parameters& parameters, const TextQuery& query)
    : texts_(Sum(parts, &Part::live_texts)), norm_(parameters, texts_, Sum(parts, &Part::live_length)) {
  std::vector<Numbers> numbers(parts.size());  // of terms, by part
  for (const TextClause& clause : query.clauses) {
    clauses_.push_back({clause.kind, clause.occur, clause.offsets});
    times_.push_back(clause.times);
    labels_.push_back(Label(clause));
    const std::vector<std::string> terms = ClauseTerms(parts, clause);
    LiveCounts& counts = live_counts_.emplace_back(terms.size());
    for (size_t p = 0; p < parts.size(); ++p) {
      std::vector<uint32_t>& here = numbers[p].emplace_back();
      for (size_t i = 0; i < terms.size(); ++i) {
        here.push_back(parts[p]->FindTerm(terms[i]));
        if (here.back() != Part::kNoTerm) counts[i] += parts[p]->TermLive(here.back());
      }
    }
    // A word or phrase with a term that no live text has matches nothing.
    if (std::find(counts.begin(), counts.end(), 0) == counts.end()) continue;
    counts.clear();
    for (Numbers& of_part : numbers) of_part.back().clear();
  }
  for (size_t p = 0; p < parts.size(); ++p) {
    if (parts[p]->live_texts() > 0) parts_.push_back(parts[p]->Bind(clauses_, std::move(numbers[p])));
  }
}

std::optional<QueryScoring> TextView::Rep::Scoring(Pacer* pacer) const {
  const MutexLock lock(mutex_);
  if (!weights_) {
    std::vector<double> weights;
    for (size_t i = 0; i < clauses_.size(); ++i) weights.push_back(Weight(i, pacer));
    if (pacer->given_up()) return std::nullopt;
    weights_ = std::move(weights);
  }
  return QueryScoring{clauses_, *weights_, norm_};
}

double TextView::Rep::Weight(size_t i, Pacer* pacer) const {
  const LiveCounts& counts = live_counts_[i];
  if (counts.empty() || !clauses_[i].scores()) return 0;
  double idf = 0;
  if (clauses_[i].kind == Kind::kPhrase) {
    for (const uint64_t live : counts) idf += Bm25Idf(texts_, live);
  } else if (counts.size() == 1) {
    idf = Bm25Idf(texts_, counts[0]);
  } else {
    uint64_t live = 0;
    for (const auto& part : parts_) live += part->LiveMatches(i, pacer);
    idf = Bm25Idf(texts_, live);
  }
  return times_[i] * idf;
}

const PartQuery* TextView::Rep::PartOf(Slot slot) const {
  const auto part = std::lower_bound(parts_.begin(), parts_.end(), slot,
                                     [](const auto& p, Slot wanted) { return p->last_slot() < wanted; });
  return part == parts_.end() ? nullptr : part->get();
}

std::vector<ScoredSlot> TextView::Top(const SlotSet& allowed, size_t k, const GiveUp& give_up) const {
  if (k == 0) return {};
  BestHits best(k);
  GiveUpPacer pacer(give_up, kPostingsBetweenPauses);
  const std::optional<QueryScoring> scoring = rep_->Scoring(&pacer);
  if (!scoring) return {};
  // The newest texts first: they are the few in memory, and what they score spares work on the others.
  for (auto part = rep_->parts().rbegin(); part != rep_->parts().rend(); ++part) {
    (*part)->Top(*scoring, allowed, &pacer, &best);
  }
  return std::move(best).Sorted();
}

std::vector<double> TextView::Score(const std::vector<Slot>& slots, const GiveUp& give_up) const {
  std::vector<double> scores(slots.size(), 0.0);
  std::vector<uint32_t> order(slots.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return slots[a] < slots[b]; });
  GiveUpPacer pacer(give_up, kPostingsBetweenPauses);
  const std::optional<QueryScoring> scoring = rep_->Scoring(&pacer);
  if (!scoring) return scores;
  std::vector<Slot> here;
  std::vector<double> scores_here;
  for (size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    const PartQuery* part = rep_->PartOf(slots[order[begin]]);
    if (part == nullptr) break;  // behind all there is
    here.clear();
    for (; end < order.size() && slots[order[end]] <= part->last_slot(); ++end) here.push_back(slots[order[end]]);
    scores_here.assign(here.size(), 0.0);
    part->Score(*scoring, here, &pacer, scores_here.data());
    for (size_t i = 0; i < here.size(); ++i) scores[order[begin + i]] = scores_here[i];
  }
  return scores;
}

SlotSet TextView::Restrict(const SlotSet& allowed, const GiveUp& give_up) const {
  GiveUpPacer pacer(give_up, kPostingsBetweenPauses);
  SlotSet rest = allowed;
  for (size_t i = 0; i < rep_->clauses().size(); ++i) {
    const Occur occur = rep_->clauses()[i].occur;
    if (occur == Occur::kShould) continue;
    SlotSet matches;
    for (const auto& part : rep_->parts()) matches |= part->Matches(i, &pacer);
    if (occur == Occur::kMust) rest &= matches;
    if (occur == Occur::kNot) rest -= matches;
  }
  return rest;
}

std::vector<TermScore> TextView::Explain(Slot slot) const {
  std::vector<TermScore> parts;
  const PartQuery* part = rep_->PartOf(slot);
  if (part == nullptr) return parts;
  Pacer never;
  const std::optional<QueryScoring> scoring = rep_->Scoring(&never);
  for (size_t i = 0; i < rep_->clauses().size(); ++i) {
    if (!rep_->clauses()[i].scores()) continue;
    const PartQuery::Occurrence found = part->Find(i, slot);
    if (found.frequency == 0) continue;
    parts.push_back({rep_->label(i), Bm25Part(scoring->weights[i], found.frequency, scoring->norm(found.length))});
  }
  return parts;
}

}  // namespace engram
