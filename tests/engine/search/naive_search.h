// A search as its definition reads, for tests: BM25 by its formula, vectors by loops in double, fusion by
// literal_fusion.h, everything else by rescanning all memories. Text is cut at spaces; +word and -word are known.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "engine/memory.h"
#include "engine/search.h"
#include "tests/engine/search/literal_fusion.h"
#include "tests/engine/search/test_namespace.h"

namespace engram::search {

struct NaiveMemory {
  Draft draft;
  size_t joined = 0;
};

using IdList = std::vector<std::string>;
using ScoreMap = std::map<std::string, double>;  // by id

inline std::vector<std::string> Words(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

// The whole search, literally.
class NaiveSearch {
 public:
  NaiveSearch(const std::map<std::string, NaiveMemory>& all, Metric metric, const SearchRequest& request, Timestamp now)
      : all_(all), metric_(metric), request_(request), now_(now) {
    // By the legs' names, as contributions are summed.
    for (const LegRequest& leg : request.legs) legs_.push_back(&leg);
    std::sort(legs_.begin(), legs_.end(), [](auto* a, auto* b) { return a->name < b->name; });
  }

  std::vector<std::pair<std::string, double>> Run() {
    std::set<std::string> candidates;
    for (const LegRequest* leg : legs_) {
      lists_.push_back(ListOf(*leg));
      candidates.insert(lists_.back().begin(), lists_.back().end());
    }
    const bool context = request_.context.window > 0 && request_.context.weight != 0;
    if (context && Completes()) {
      for (const std::string& id : std::set<std::string>(candidates)) {
        for (const auto& [neighbor, distance] : NeighborsOf(id)) candidates.insert(neighbor);
      }
    }
    union_.assign(candidates.begin(), candidates.end());
    const ScoreMap fused = Fused();
    for (const std::string& id : union_) final_[id] = fused.at(id) + Adjustments(id, fused, context);
    return Page(final_);
  }

  // Of every candidate, after Run.
  const ScoreMap& final_scores() const { return final_; }

 private:
  bool Completes() const {
    const FusionMethod m = request_.fusion.method;
    return m == FusionMethod::kRelative || m == FusionMethod::kZscore || m == FusionMethod::kMem0;
  }

  bool Visible(const std::string& id) const {
    const Draft& draft = all_.at(id).draft;
    if (draft.attributes.state != MemoryState::kActive) return false;
    if (request_.filter && !Matches(*request_.filter, FilterFields(id, draft.attributes, draft.state))) return false;
    for (const LegRequest* leg : legs_) {
      if (leg->type == LegType::kText && !KeepsRules(*leg, draft)) return false;
    }
    return true;
  }

  // Words of a text leg with their signs.
  static std::vector<std::pair<char, std::string>> Clauses(const LegRequest& leg) {
    std::vector<std::pair<char, std::string>> clauses;
    for (std::string word : Words(leg.text)) {
      char sign = leg.text_mode == TextMode::kAll ? '+' : ' ';
      if (leg.text_mode != TextMode::kPlain && (word[0] == '+' || word[0] == '-')) {
        sign = word[0];
        word = word.substr(1);
      }
      clauses.emplace_back(sign, word);
    }
    return clauses;
  }

  static bool Holds(const Draft& draft, const std::string& word) {
    const auto words = Words(draft.text);
    return std::find(words.begin(), words.end(), word) != words.end();
  }

  static bool KeepsRules(const LegRequest& leg, const Draft& draft) {
    for (const auto& [sign, word] : Clauses(leg)) {
      if (sign == '+' && !Holds(draft, word)) return false;
      if (sign == '-' && Holds(draft, word)) return false;
    }
    return true;
  }

  bool Allowed(const LegRequest& leg, const std::string& id) const {
    const Draft& draft = all_.at(id).draft;
    return Visible(id) && (!leg.filter || Matches(*leg.filter, FilterFields(id, draft.attributes, draft.state)));
  }

  double Bm25(const LegRequest& leg, const std::string& id) const {
    double texts = 0;
    double length = 0;
    for (const auto& [other, memory] : all_) {
      const size_t words = Words(memory.draft.text).size();
      if (words > 0) ++texts;
      length += static_cast<double>(words);
    }
    std::vector<std::string> order;
    std::map<std::string, double> times;
    for (const auto& [sign, word] : Clauses(leg)) {
      if (sign == '-') continue;
      if (times[word]++ == 0) order.push_back(word);
    }
    double score = 0;
    const auto words = Words(all_.at(id).draft.text);
    for (const std::string& word : order) {
      double holding = 0;
      for (const auto& [other, memory] : all_) holding += Holds(memory.draft, word) ? 1 : 0;
      const auto tf = static_cast<double>(std::count(words.begin(), words.end(), word));
      if (tf == 0) continue;
      const double idf = std::log(1 + (texts - holding + 0.5) / (holding + 0.5));
      const double norm = 1.2 * (1 - 0.75 + 0.75 * static_cast<double>(words.size()) / (length / texts));
      score += times[word] * idf * tf / (tf + norm);
    }
    return score;
  }

  static double Similarity(Metric metric, const std::vector<float>& a, const std::vector<float>& b) {
    double dot = 0;
    double aa = 0;
    double bb = 0;
    double squares = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      dot += double{a[i]} * b[i];
      aa += double{a[i]} * a[i];
      bb += double{b[i]} * b[i];
      squares += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
    }
    if (metric == Metric::kDot) return dot;
    return metric == Metric::kL2 ? -std::sqrt(squares) : dot / (std::sqrt(aa) * std::sqrt(bb));
  }

  // Raw, nothing where the leg can't say anything of the memory.
  std::optional<double> Raw(const LegRequest& leg, const std::string& id) const {
    if (leg.type == LegType::kText) return Bm25(leg, id);
    const std::vector<float>& vector = all_.at(id).draft.vector;
    if (vector.empty()) return std::nullopt;
    return Similarity(metric_, leg.vector, vector);
  }

  IdList ListOf(const LegRequest& leg) const {
    std::vector<std::pair<double, std::string>> hits;
    for (const auto& [id, memory] : all_) {
      if (!Allowed(leg, id)) continue;
      const auto score = Raw(leg, id);
      const bool found = score && (leg.type == LegType::kVector || *score > 0);
      if (found && *score >= leg.min_score.value_or(-1e300)) hits.emplace_back(*score, id);
    }
    std::sort(hits.begin(), hits.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : IdLess(a.second, b.second);
    });
    const size_t k =
        std::max<size_t>(leg.candidates.value_or(request_.fusion.candidates), size_t{request_.offset} + request_.top_k);
    IdList ids;
    for (const auto& [score, id] : hits) {
      if (ids.size() < k) ids.push_back(id);
    }
    return ids;
  }

  double WeightOf(const LegRequest& leg) const {
    if (leg.weight) return *leg.weight;
    const bool ours =
        request_.fusion.method == FusionMethod::kRelative || request_.fusion.method == FusionMethod::kZscore;
    if (!ours) return 1;
    return leg.type == LegType::kText ? 0.4 : 0.6;
  }

  ScoreMap Fused() const {
    std::vector<LegColumn> columns;
    for (size_t l = 0; l < legs_.size(); ++l) {
      LegColumn column;
      column.type = legs_[l]->type;
      column.metric = metric_;
      column.weight = WeightOf(*legs_[l]);
      for (const auto& [sign, word] : Clauses(*legs_[l])) column.query_terms += sign != '-' ? 1 : 0;
      bool any = false;
      for (const std::string& id : union_) {
        const auto place = std::find(lists_[l].begin(), lists_[l].end(), id);
        const bool listed = place != lists_[l].end();
        column.ranks.push_back(listed ? std::optional<uint32_t>(place - lists_[l].begin() + 1) : std::nullopt);
        std::optional<double> score = Raw(*legs_[l], id);
        const bool below = score && *score < legs_[l]->min_score.value_or(-1e300);
        if (Completes() ? below || !Allowed(*legs_[l], id) : !listed) score.reset();
        any |= score && *score > 0;
        column.scores.push_back(score);
      }
      if (Completes() && column.type == LegType::kText && !any) column.scores.assign(union_.size(), std::nullopt);
      columns.push_back(std::move(column));
    }
    ScoreMap fused;
    for (size_t i = 0; i < union_.size(); ++i) fused[union_[i]] = LiteralFused(request_.fusion.method, columns, i);
    return fused;
  }

  std::vector<std::pair<std::string, uint32_t>> NeighborsOf(const std::string& id) const {
    std::vector<std::pair<std::string, uint32_t>> neighbors;
    const std::string& run = all_.at(id).draft.attributes.scopes.run_id;
    if (run.empty()) return neighbors;
    std::vector<std::string> turns;
    for (const auto& [other, memory] : all_) {
      if (memory.draft.attributes.scopes.run_id == run) turns.push_back(other);
    }
    std::sort(turns.begin(), turns.end(), [&](const auto& a, const auto& b) {
      const NaiveMemory& x = all_.at(a);
      const NaiveMemory& y = all_.at(b);
      return std::pair(EventTime(x.draft.attributes), x.joined) < std::pair(EventTime(y.draft.attributes), y.joined);
    });
    const auto at = std::find(turns.begin(), turns.end(), id) - turns.begin();
    for (ptrdiff_t i = 0; i < static_cast<ptrdiff_t>(turns.size()); ++i) {
      const auto distance = static_cast<uint32_t>(std::abs(i - at));
      if (distance >= 1 && distance <= request_.context.window && Visible(turns[i]))
        neighbors.emplace_back(turns[i], distance);
    }
    return neighbors;
  }

  double Adjustments(const std::string& id, const ScoreMap& fused, bool context) const {
    const Draft& draft = all_.at(id).draft;
    double sum = 0;
    if (context) {
      for (const auto& [neighbor, distance] : NeighborsOf(id)) {
        if (fused.contains(neighbor)) sum += request_.context.weight / distance * fused.at(neighbor);
      }
    }
    const StateRecord& state = draft.state;
    sum +=
        request_.feedback_weight * (state.helpful - state.harmful) / (state.helpful + state.harmful + state.used + 1);
    sum += request_.importance_weight * state.importance.value_or(0);
    if (request_.recency.weight == 0) return sum;
    const double age = static_cast<double>(now_.micros - EventTime(draft.attributes).micros) / 1e6;
    return sum + request_.recency.weight * std::pow(2, -std::max(age, 0.0) / request_.recency.half_life_seconds);
  }

  double Resemblance(const std::string& a, const std::string& b) const {
    const std::vector<float>& x = all_.at(a).draft.vector;
    const std::vector<float>& y = all_.at(b).draft.vector;
    if (x.empty() || y.empty()) return 0;
    if (metric_ == Metric::kL2) return 1 / (1 - Similarity(Metric::kL2, x, y));
    const double cosine = Similarity(Metric::kCosine, x, y);
    return std::isnan(cosine) ? 0 : cosine;
  }

  IdList Diversified(IdList order, const ScoreMap& final) const {
    if (request_.diversity == 0 || order.empty()) return order;
    const double high = final.at(order.front());
    const double low = final.at(order.back());
    IdList chosen;
    while (!order.empty()) {
      size_t best = 0;
      double best_value = -1e300;
      for (size_t i = 0; i < order.size(); ++i) {
        const double relevance = high > low ? (final.at(order[i]) - low) / (high - low) : 1;
        double nearest = chosen.empty() ? 0 : -1e300;
        for (const std::string& c : chosen) nearest = std::max(nearest, Resemblance(c, order[i]));
        const double value = (1 - request_.diversity) * relevance - request_.diversity * nearest;
        if (value > best_value + 1e-12) best = i, best_value = value;
      }
      chosen.push_back(order[best]);
      order.erase(order.begin() + static_cast<ptrdiff_t>(best));
    }
    return chosen;
  }

  std::vector<std::pair<std::string, double>> Page(const ScoreMap& final) const {
    IdList order = union_;
    std::sort(order.begin(), order.end(), [&](const auto& a, const auto& b) {
      return final.at(a) != final.at(b) ? final.at(a) > final.at(b) : IdLess(a, b);
    });
    if (request_.min_score) std::erase_if(order, [&](const auto& id) { return final.at(id) < *request_.min_score; });
    order = Diversified(order, final);
    std::vector<IdList> groups;
    std::map<std::string, size_t> known;
    for (const std::string& id : order) {
      const std::string& value = all_.at(id).draft.attributes.scopes.user_id;
      size_t group = groups.size();
      if (!request_.group_by.empty() && !value.empty()) group = known.emplace(value, groups.size()).first->second;
      if (group == groups.size()) groups.emplace_back();
      const size_t most = request_.group_by.empty() ? 1 : request_.group_size;
      if (groups[group].size() < most) groups[group].push_back(id);
    }
    std::vector<std::pair<std::string, double>> page;
    for (size_t i = request_.offset; i < groups.size() && i < request_.offset + request_.top_k; ++i) {
      for (const std::string& id : groups[i]) page.emplace_back(id, final.at(id));
    }
    return page;
  }

  const std::map<std::string, NaiveMemory>& all_;
  Metric metric_;
  const SearchRequest& request_;
  Timestamp now_;
  std::vector<const LegRequest*> legs_;
  std::vector<IdList> lists_;
  IdList union_;
  ScoreMap final_;
};

}  // namespace engram::search
