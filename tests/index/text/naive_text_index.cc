#include "tests/index/text/naive_text_index.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "index/text/levenshtein.h"

namespace engram {
namespace {

using Kind = TextClause::Kind;
using Occur = TextClause::Occur;

bool Contains(const std::vector<std::string>& list, const std::string& text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

}  // namespace

void NaiveTextIndex::Add(uint32_t slot, const std::vector<std::string_view>& texts) {
  std::vector<Token> all;
  for (const std::string_view text : texts) {
    std::vector<Token> tokens;
    analyzer_->Analyze(text, &tokens);
    const uint32_t base = all.empty() ? 0 : all.back().position + 101;
    for (Token& token : tokens) {
      token.position += base;
      all.push_back(token);
    }
  }
  if (!all.empty()) texts_[slot] = all;
}

TextStatistics NaiveStatistics(const NaiveTexts& texts) {
  TextStatistics statistics;
  std::set<std::string> terms;
  for (const auto& [slot, tokens] : texts) {
    ++statistics.texts;
    statistics.length_total += tokens.size();
    for (const Token& token : tokens) terms.insert(token.term);
  }
  statistics.distinct_terms = terms.size();
  return statistics;
}

NaiveQuery::NaiveQuery(const NaiveTexts& texts, const Bm25Parameters& parameters, const TextQuery& query)
    : texts_(texts), parameters_(parameters) {
  const TextStatistics all = NaiveStatistics(texts);
  average_length_ = static_cast<double>(all.length_total) / static_cast<double>(all.texts);
  for (const TextClause& written : query.clauses) {
    Clause clause{written, TermsOf(written)};
    if (written.kind == Kind::kPhrase) {
      for (const std::string& term : clause.terms) clause.idf += Idf({term});
    } else {
      clause.idf = Idf(clause.terms);
    }
    clauses_.push_back(clause);
  }
}

// The terms of the nearest words.
std::vector<std::string> NaiveQuery::TermsOf(const TextClause& clause) const {
  if (clause.kind == Kind::kTerm || clause.kind == Kind::kPhrase) return clause.terms;
  std::set<std::pair<std::string, std::string>> words;
  for (const auto& [slot, tokens] : texts_) {
    for (const Token& token : tokens) words.insert({std::string(token.word()), token.term});
  }
  std::set<std::tuple<uint32_t, std::string, std::string>> near;
  for (const auto& [word, term] : words) {
    if (clause.kind == Kind::kPrefix && word.starts_with(clause.terms[0])) near.insert({0, word, term});
    if (clause.kind == Kind::kPrefix) continue;
    const uint32_t distance = EditDistance(clause.terms[0], word);
    if (distance <= clause.distance) near.insert({distance, word, term});
  }
  std::vector<std::string> terms;
  for (const auto& [distance, word, term] : near) {
    if (terms.size() == (clause.kind == Kind::kPrefix ? 128 : 64)) break;
    if (!Contains(terms, term)) terms.push_back(term);
  }
  return terms;
}

double NaiveQuery::Idf(const std::vector<std::string>& any_of) const {
  double n = 0;
  for (const auto& [slot, tokens] : texts_) {
    n += std::any_of(tokens.begin(), tokens.end(), [&](const Token& token) { return Contains(any_of, token.term); });
  }
  return std::log(1 + (static_cast<double>(texts_.size()) - n + 0.5) / (n + 0.5));
}

double NaiveQuery::Frequency(const Clause& clause, uint32_t slot) const {
  const auto text = texts_.find(slot);
  if (text == texts_.end()) return 0;
  double frequency = 0;
  if (clause.written.kind != Kind::kPhrase) {
    for (const Token& token : text->second) frequency += Contains(clause.terms, token.term);
    return frequency;
  }
  std::map<uint32_t, std::string> by_position;
  for (const Token& token : text->second) by_position[token.position] = token.term;
  for (const auto& [position, term] : by_position) {
    bool all = true;
    for (size_t i = 0; i < clause.terms.size(); ++i) {
      const auto found = by_position.find(position + clause.written.offsets[i]);
      all &= found != by_position.end() && found->second == clause.terms[i];
    }
    frequency += all;
  }
  return frequency;
}

double NaiveQuery::Score(uint32_t slot) const {
  double score = 0;
  for (const Clause& clause : clauses_) {
    const double tf = Frequency(clause, slot);
    if (clause.written.occur == Occur::kNot || tf == 0) continue;
    const double length = static_cast<double>(texts_.at(slot).size());
    const double k1 = parameters_.k1;
    const double b = parameters_.b;
    score += clause.written.times * clause.idf * tf / (tf + k1 * (1 - b + b * length / average_length_));
  }
  return score;
}

SlotSet NaiveQuery::Restrict(const SlotSet& allowed) const {
  SlotSet rest;
  for (const uint32_t slot : allowed) {
    const bool keeps = std::all_of(clauses_.begin(), clauses_.end(), [&](const Clause& clause) {
      if (clause.written.occur == Occur::kShould) return true;
      return (Frequency(clause, slot) > 0) == (clause.written.occur == Occur::kMust);
    });
    if (keeps) rest.add(slot);
  }
  return rest;
}

std::vector<ScoredSlot> NaiveQuery::Top(const SlotSet& allowed, size_t k) const {
  std::vector<ScoredSlot> hits;
  for (const uint32_t slot : Restrict(allowed)) {
    if (const double score = Score(slot); score > 0) hits.push_back({Slot(slot), score});
  }
  std::sort(hits.begin(), hits.end(), BetterHit);
  hits.resize(std::min(hits.size(), k));
  return hits;
}

}  // namespace engram
