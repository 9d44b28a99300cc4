#include "index/text/text_view.h"

#include <algorithm>
#include <set>
#include <tuple>

#include <fmt/format.h>

#include "index/text/matcher.h"
#include "index/text/top_scorer.h"

namespace engram {
namespace {

using Kind = TextClause::Kind;
using Occur = TextClause::Occur;

constexpr size_t kPrefixTermsMax = 128;
constexpr size_t kFuzzyTermsMax = 64;

// A posting walked costs about 4 ns with the question whether its text is allowed, one looked up about 60.
constexpr uint64_t kLookupCost = 16;

std::string Label(const TextClause& clause) {
  switch (clause.kind) {
    case Kind::kTerm: return clause.terms[0];
    case Kind::kPhrase: return fmt::format("{}", fmt::join(clause.terms, " "));
    case Kind::kPrefix: return clause.terms[0] + "*";
    case Kind::kFuzzy: return clause.terms[0] + "~";
  }
  return {};
}

BoundTerm Bind(const TextPart& part, uint32_t term) { return {part.postings(term), part.terms().live(term)}; }

// All of them or, when one is in no live text, none.
std::vector<BoundTerm> BindWords(const TextPart& part, const std::vector<std::string>& words) {
  std::vector<BoundTerm> bound;
  for (const std::string& word : words) {
    const uint32_t term = part.terms().Find(word);
    if (term == Dictionary::kNone || part.terms().live(term) == 0) return {};
    bound.push_back(Bind(part, term));
  }
  return bound;
}

// A word that a prefix or fuzzy clause stands for.
struct Candidate {
  uint32_t distance;
  std::string_view word;
  std::string_view term_text;
  uint32_t term;

  bool operator<(const Candidate& other) const {
    return std::tie(distance, word, term_text) < std::tie(other.distance, other.word, other.term_text);
  }
};

Candidate MakeCandidate(const TextPart& part, uint32_t word, uint32_t distance) {
  const uint32_t term = part.TermOfWord(word);
  return {distance, part.words().text(word), part.terms().text(term), term};
}

// The terms of the nearest words, each once.
std::vector<BoundTerm> BindNearest(const TextPart& part, std::vector<Candidate> candidates, size_t terms_max) {
  std::sort(candidates.begin(), candidates.end());
  std::vector<BoundTerm> bound;
  std::set<uint32_t> taken;
  for (const Candidate& candidate : candidates) {
    if (bound.size() == terms_max) break;
    if (taken.insert(candidate.term).second) bound.push_back(Bind(part, candidate.term));
  }
  return bound;
}

std::vector<BoundTerm> BindPrefix(const TextPart& part, const std::string& prefix) {
  std::vector<Candidate> candidates;
  std::set<uint32_t> terms;
  part.words().EachWithPrefix(prefix, [&](uint32_t word) {
    const Candidate candidate = MakeCandidate(part, word, 0);
    // One word with several terms comes in no fixed order: take all of it before stopping.
    if (terms.size() >= kPrefixTermsMax && candidate.word != candidates.back().word) return false;
    candidates.push_back(candidate);
    terms.insert(candidate.term);
    return true;
  });
  return BindNearest(part, std::move(candidates), kPrefixTermsMax);
}

std::vector<BoundTerm> BindFuzzy(const TextPart& part, const std::string& word, uint32_t distance_max) {
  std::vector<Candidate> candidates;
  part.words().EachWithin(word, distance_max, [&](uint32_t found, uint32_t distance) {
    candidates.push_back(MakeCandidate(part, found, distance));
  });
  return BindNearest(part, std::move(candidates), kFuzzyTermsMax);
}

std::vector<BoundTerm> BindTerms(const TextPart& part, const TextClause& clause) {
  switch (clause.kind) {
    case Kind::kTerm:
    case Kind::kPhrase: return BindWords(part, clause.terms);
    case Kind::kPrefix: return BindPrefix(part, clause.terms[0]);
    case Kind::kFuzzy: return BindFuzzy(part, clause.terms[0], clause.distance);
  }
  return {};
}

// The slots of the view's texts that match `clause`.
SlotSet SlotsOf(const TextView::Rep& view, const BoundClause& clause) {
  SlotSet slots;
  ClauseMatcher matcher(view.part(), clause);
  for (uint32_t begin = matcher.next(); begin != ClauseMatcher::kEnd; begin = matcher.next()) {
    const uint32_t end = std::min(view.text_count() - begin, kWindowTexts) + begin;
    matcher.EachMatch(begin, end, [&](uint32_t ordinal, uint32_t) { slots.add(view.part().text_slot(ordinal).value); });
  }
  return slots;
}

}  // namespace

TextView::Rep::Rep(std::shared_ptr<const TextPart> part, const Bm25Parameters& parameters, const TextQuery& query)
    : part_(std::move(part)),
      statistics_(part_->statistics()),
      norm_(parameters, statistics_.texts, statistics_.length_total),
      text_count_(part_->text_count()),
      epoch_(part_->epoch()) {
  clauses_.reserve(query.clauses.size());
  for (const TextClause& clause : query.clauses) {
    clauses_.push_back(
        {clause.kind, clause.occur, clause.times, Label(clause), BindTerms(*part_, clause), clause.offsets});
  }
}

const std::vector<double>& TextView::Rep::weights() const {
  std::call_once(weighed_, [this] {
    for (const BoundClause& clause : clauses_) weights_.push_back(Weight(clause));
  });
  return weights_;
}

double TextView::Rep::Weight(const BoundClause& clause) const {
  if (clause.terms.empty() || !clause.scores()) return 0;
  double idf = 0;
  if (clause.kind == Kind::kPhrase) {
    for (const BoundTerm& term : clause.terms) idf += Bm25Idf(statistics_.texts, term.live);
  } else {
    idf = Bm25Idf(statistics_.texts, LiveTextsWithAny(clause));
  }
  return clause.times * idf;
}

uint64_t TextView::Rep::LiveTextsWithAny(const BoundClause& clause) const {
  if (clause.terms.size() == 1) return clause.terms[0].live;
  uint64_t texts = 0;
  ClauseMatcher matcher(*part_, clause);
  for (uint32_t begin = matcher.next(); begin != ClauseMatcher::kEnd; begin = matcher.next()) {
    const uint32_t end = std::min(text_count_ - begin, kWindowTexts) + begin;
    matcher.EachMatch(begin, end, [&](uint32_t ordinal, uint32_t) { texts += part_->text_live(ordinal, epoch_); });
  }
  return texts;
}

uint64_t TextView::Rep::posting_count() const {
  uint64_t count = 0;
  for (const BoundClause& clause : clauses_) {
    for (const BoundTerm& term : clause.terms) count += term.postings.count;
  }
  return count;
}

std::vector<ScoredSlot> TextView::Top(const SlotSet& allowed, size_t k) const {
  if (k == 0) return {};
  size_t lists = 0;
  for (const BoundClause& clause : rep_->clauses()) lists += clause.terms.size();
  const bool few = allowed.cardinality() * lists * kLookupCost < rep_->posting_count();
  return few ? TopByLookup(*rep_, allowed, k) : TopByWalking(*rep_, allowed, k);
}

std::vector<double> TextView::Score(const std::vector<Slot>& slots) const {
  std::vector<double> scores(slots.size(), 0.0);
  std::vector<uint32_t> ordinals;
  ordinals.reserve(slots.size());
  for (const Slot slot : slots) ordinals.push_back(rep_->part().text_ordinal(slot, rep_->text_count()));
  for (size_t i = 0; i < rep_->clauses().size(); ++i) {
    const BoundClause& clause = rep_->clauses()[i];
    if (!clause.scores()) continue;
    const double weight = rep_->weights()[i];
    ClauseMatcher matcher(rep_->part(), clause);
    for (size_t at = 0; at < slots.size(); ++at) {
      if (ordinals[at] == TextPart::kNoText) continue;
      const uint32_t frequency = matcher.FrequencyIn(ordinals[at]);
      if (frequency == 0) continue;
      scores[at] += Bm25Part(weight, frequency, rep_->norm()(rep_->part().text_length(ordinals[at])));
    }
  }
  return scores;
}

SlotSet TextView::Restrict(const SlotSet& allowed) const {
  SlotSet rest = allowed;
  for (const BoundClause& clause : rep_->clauses()) {
    if (clause.occur == Occur::kMust) rest &= SlotsOf(*rep_, clause);
    if (clause.occur == Occur::kNot) rest -= SlotsOf(*rep_, clause);
  }
  return rest;
}

std::vector<TermScore> TextView::Explain(Slot slot) const {
  std::vector<TermScore> parts;
  const uint32_t ordinal = rep_->part().text_ordinal(slot, rep_->text_count());
  if (ordinal == TextPart::kNoText) return parts;
  const double norm = rep_->norm()(rep_->part().text_length(ordinal));
  for (size_t i = 0; i < rep_->clauses().size(); ++i) {
    const BoundClause& clause = rep_->clauses()[i];
    if (!clause.scores()) continue;
    const uint32_t frequency = ClauseMatcher(rep_->part(), clause).FrequencyIn(ordinal);
    if (frequency > 0) parts.push_back({clause.label, Bm25Part(rep_->weights()[i], frequency, norm)});
  }
  return parts;
}

}  // namespace engram
