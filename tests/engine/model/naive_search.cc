#include "tests/engine/model/naive_search.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/check.h"

namespace engram::model {
namespace {

constexpr double kVectorDoubt = 1e-5;

double Similarity(Metric metric, const DenseVector& a, const DenseVector& b) {
  double dot = 0;
  double aa = 0;
  double bb = 0;
  double square = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    dot += static_cast<double>(a[i]) * b[i];
    aa += static_cast<double>(a[i]) * a[i];
    bb += static_cast<double>(b[i]) * b[i];
    square += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
  }
  switch (metric) {
    case Metric::kCosine: return dot / std::sqrt(aa * bb);
    case Metric::kDot: return dot;
    case Metric::kL2: return -std::sqrt(square);
  }
  return 0;
}

struct Span {
  double low = 0;
  double high = 0;
};

Span SpanOf(const std::map<std::string, double>& scores) {
  Span span{INFINITY, -INFINITY};
  for (const auto& [id, score] : scores) span = {std::min(span.low, score), std::max(span.high, score)};
  return span;
}

double Normalized(const std::map<std::string, double>& scores, const Span& span, const std::string& id) {
  const auto at = scores.find(id);
  if (at == scores.end()) return 0;
  return span.high > span.low ? (at->second - span.low) / (span.high - span.low) : 1;
}

}  // namespace

std::string NaiveQuery::Text() const {
  std::string text;
  for (const Word& word : words) {
    if (!text.empty()) text += ' ';
    if (word.occur == TextClause::Occur::kMust) text += '+';
    if (word.occur == TextClause::Occur::kNot) text += '-';
    text += word.text;
    if (word.prefix) text += '*';
  }
  return text;
}

NaiveSearch::NaiveSearch(const TwinState& state, Timestamp now, const Filter* filter) : state_(state) {
  auto analyzer = Analyzer::Create(state.config.text);
  ENGRAM_CHECK(analyzer.ok());
  analyzer_ = *analyzer;
  const bool any_state = filter && filter->Mentions("state");
  for (const auto& [id, memory] : state.memories) {
    if (!state.IsVisible(*memory, now)) continue;
    Document& document = documents_[id];
    document.memory = memory.get();
    for (const std::string_view text : memory->content.Texts()) {
      std::vector<Token> tokens;
      analyzer_->Analyze(text, &tokens);
      for (const Token& token : tokens) {
        ++document.frequencies[token.term];
        ++document.length;
      }
    }
    document.allowed = any_state || memory->attributes.state == MemoryState::kActive;
    if (filter && !Matches(*filter, FilterFields(id, memory->attributes, memory->state))) document.allowed = false;
  }
}

std::vector<NaiveSearch::Clause> NaiveSearch::Clauses(const NaiveQuery& query) const {
  std::vector<Clause> clauses;
  for (const NaiveQuery::Word& word : query.words) {
    Clause clause;
    clause.occur = word.occur;
    if (word.prefix) {
      const std::string start = analyzer_->Fold(word.text);
      std::set<std::string> terms;
      for (const auto& [id, document] : documents_) {
        for (const auto& [term, frequency] : document.frequencies) {
          if (term.starts_with(start)) terms.insert(term);
        }
      }
      clause.terms.assign(terms.begin(), terms.end());
    } else {
      std::vector<Token> tokens;
      analyzer_->Analyze(word.text, &tokens);
      if (tokens.empty()) continue;  // a stop word asks for nothing
      clause.terms = {tokens[0].term};
    }
    clauses.push_back(std::move(clause));
  }
  return clauses;
}

double NaiveSearch::Frequency(const Clause& clause, const Document& document) {
  double frequency = 0;
  for (const std::string& term : clause.terms) {
    const auto at = document.frequencies.find(term);
    if (at != document.frequencies.end()) frequency += at->second;
  }
  return frequency;
}

std::map<std::string, double> NaiveSearch::Bm25(const std::vector<Clause>& clauses) const {
  double texts = 0;
  double total = 0;
  for (const auto& [id, document] : documents_) {
    if (document.length > 0) ++texts;
    total += document.length;
  }
  std::map<std::string, double> scores;
  for (const auto& [id, document] : documents_) scores[id] = 0;
  const auto [k1, b] = state_.config.bm25;
  for (const Clause& clause : clauses) {
    if (clause.occur == TextClause::Occur::kNot) continue;
    double holders = 0;
    for (const auto& [id, document] : documents_) holders += Frequency(clause, document) > 0 ? 1 : 0;
    const double idf = std::log(1 + (texts - holders + 0.5) / (holders + 0.5));
    for (const auto& [id, document] : documents_) {
      const double tf = Frequency(clause, document);
      if (tf > 0) scores[id] += idf * tf / (tf + k1 * (1 - b + b * document.length / (total / texts)));
    }
  }
  return scores;
}

bool NaiveSearch::KeepsRules(const std::vector<Clause>& clauses, const Document& document) {
  return std::all_of(clauses.begin(), clauses.end(), [&](const Clause& clause) {
    if (clause.occur == TextClause::Occur::kMust) return Frequency(clause, document) > 0;
    return clause.occur != TextClause::Occur::kNot || Frequency(clause, document) == 0;
  });
}

NaiveHits NaiveSearch::Text(const NaiveQuery& query) {
  const std::vector<Clause> clauses = Clauses(query);
  NaiveHits hits;
  hits.doubt = 1e-9;
  for (const auto& [id, score] : Bm25(clauses)) {
    const Document& document = documents_.at(id);
    if (score > 0 && document.allowed && KeepsRules(clauses, document)) hits.scores[id] = score;
  }
  return hits;
}

NaiveHits NaiveSearch::Vector(const std::string& space, const DenseVector& query) {
  NaiveHits hits;
  hits.doubt = kVectorDoubt;
  for (const auto& [id, document] : documents_) {
    const auto vector = document.memory->content.vectors.find(space);
    if (!document.allowed || vector == document.memory->content.vectors.end()) continue;
    const Metric metric = state_.config.vectors.at(space).metric;
    hits.scores[id] = Similarity(metric, query, std::get<DenseVector>(vector->second));
  }
  return hits;
}

std::optional<NaiveHits> NaiveSearch::Hybrid(const NaiveQuery& words, const std::string& space,
                                             const DenseVector& vector) {
  const std::vector<Clause> clauses = Clauses(words);
  const std::map<std::string, double> all_texts = Bm25(clauses);
  std::map<std::string, double> vectors = Vector(space, vector).scores;
  std::erase_if(vectors, [&](const auto& hit) { return !KeepsRules(clauses, documents_.at(hit.first)); });
  std::map<std::string, double> texts = Text(words).scores;
  // Every candidate is scored by every leg; a text leg that found nothing at all has no scores.
  const bool any_text = !texts.empty();
  if (any_text) {
    for (const auto& [id, score] : vectors) texts.emplace(id, all_texts.at(id));
  }
  const Span text_span = SpanOf(texts);
  const Span vector_span = SpanOf(vectors);
  const double width = vector_span.high - vector_span.low;
  if (vectors.size() > 1 && width < 0.05) return std::nullopt;
  NaiveHits hits;
  hits.doubt = vectors.size() > 1 ? 1e-5 / width + 1e-9 : 1e-9;
  std::set<std::string> candidates;
  for (const auto& [id, score] : texts) candidates.insert(id);
  for (const auto& [id, score] : vectors) candidates.insert(id);
  for (const std::string& id : candidates) {
    hits.scores[id] = 0.4 * Normalized(texts, text_span, id) + 0.6 * Normalized(vectors, vector_span, id);
  }
  return hits;
}

}  // namespace engram::model
