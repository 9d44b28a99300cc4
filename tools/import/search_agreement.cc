#include "tools/import/search_agreement.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include "base/hash.h"
#include "tools/import/dense_floats.h"

namespace engram {
namespace {

constexpr size_t kBest = 10;
constexpr uint32_t kAsked = 100;        // where the namespace holds others, too
constexpr double kTieTolerance = 1e-6;  // of scores that are equal but for rounding

bool IsDense(const v1::Vector& vector) { return vector.has_dense() || vector.kind_case() == v1::Vector::kDenseF32; }

// Over the pairs of those that stand in both, in [-1, 1]; nothing below two.
std::optional<double> KendallTau(const std::vector<size_t>& ranks) {
  double sum = 0;
  double pairs = 0;
  for (size_t i = 0; i < ranks.size(); ++i) {
    for (size_t j = i + 1; j < ranks.size(); ++j) {
      if (ranks[i] == ranks[j]) continue;
      sum += ranks[i] < ranks[j] ? 1 : -1;
      ++pairs;
    }
  }
  return pairs == 0 ? std::nullopt : std::optional<double>(sum / pairs);
}

}  // namespace

void SearchAgreement::Add(const v1::Memory& memory, bool findable) {
  if (too_many_) return;
  const v1::Vector* vector = nullptr;
  if (space_.empty() || space_ == "default") {
    if (memory.has_vector()) vector = &memory.vector();
    const auto named = memory.vectors().find("default");
    if (vector == nullptr && named != memory.vectors().end()) vector = &named->second;
    if (vector != nullptr && space_.empty() && IsDense(*vector)) space_ = "default";
  }
  if (space_.empty()) {
    for (const auto& [name, one] : memory.vectors()) {
      if (IsDense(one) && (space_.empty() || name < space_)) space_ = name;
    }
  }
  if (space_ != "default" && !space_.empty()) {
    const auto found = memory.vectors().find(space_);
    vector = found == memory.vectors().end() ? nullptr : &found->second;
  }
  if (vector == nullptr || !IsDense(*vector)) return;
  const std::vector<float> floats = DenseFloats(*vector);
  if (dimensions_ == 0) dimensions_ = static_cast<uint32_t>(floats.size());
  if (floats.size() != dimensions_ || floats.empty()) {
    ++others_;
    return;
  }
  if ((vectors_.size() + floats.size()) * sizeof(float) > limits_.vector_bytes) {
    too_many_ = true;
    vectors_ = {};
    ids_ = {};
    findable_ = {};
    return;
  }
  vectors_.insert(vectors_.end(), floats.begin(), floats.end());
  ids_.push_back(HashBytes64(memory.id()));
  findable_.push_back(findable);
}

double SearchAgreement::Score(const float* a, const float* b, v1::Metric metric) const {
  double dot = 0;
  double distance = 0;
  double aa = 0;
  double bb = 0;
  for (uint32_t i = 0; i < dimensions_; ++i) {
    const auto x = static_cast<double>(a[i]);
    const auto y = static_cast<double>(b[i]);
    dot += x * y;
    distance += (x - y) * (x - y);
    aa += x * x;
    bb += y * y;
  }
  if (metric == v1::METRIC_DOT) return dot;
  if (metric == v1::METRIC_L2) return -std::sqrt(distance);
  return aa > 0 && bb > 0 ? dot / std::sqrt(aa * bb) : 0;
}

std::vector<SearchAgreement::Scored> SearchAgreement::ExactBest(uint32_t query, v1::Metric metric) const {
  std::vector<Scored> scored(ids_.size());
  for (uint32_t row = 0; row < ids_.size(); ++row) scored[row] = {Score(Row(query), Row(row), metric), row};
  const size_t best = std::min(kBest, scored.size());
  std::partial_sort(
      scored.begin(), scored.begin() + static_cast<std::ptrdiff_t>(best), scored.end(),
      [](const Scored& a, const Scored& b) { return a.score != b.score ? a.score > b.score : a.row < b.row; });
  scored.resize(best);
  return scored;
}

Result<v1::ImportAgreement> SearchAgreement::Measure(Client& client, const std::string& ns,
                                                     const v1::NamespaceConfig& config,
                                                     const std::unordered_set<uint64_t>& absent) {
  v1::ImportAgreement agreement;
  agreement.set_space(space_);
  if (too_many_) {
    agreement.set_skipped(fmt::format("the source's vectors are more than {} MiB", limits_.vector_bytes >> 20));
    return agreement;
  }
  const auto space = config.vectors().find(space_);
  if (ids_.size() < 2 || space == config.vectors().end()) {
    agreement.set_skipped("there are no dense vectors to compare");
    return agreement;
  }
  const v1::Metric metric = space->second.metric();
  std::unordered_map<uint64_t, uint32_t> rows;
  for (uint32_t row = 0; row < ids_.size(); ++row) rows[ids_[row]] = row;
  std::vector<uint32_t> queries(ids_.size());
  std::iota(queries.begin(), queries.end(), 0);
  const size_t count = std::min(limits_.queries, queries.size());
  std::partial_sort(queries.begin(), queries.begin() + static_cast<std::ptrdiff_t>(count), queries.end(),
                    [&](uint32_t a, uint32_t b) { return ids_[a] < ids_[b]; });
  double overlap = 0;
  double tau = 0;
  uint64_t taus = 0;
  for (size_t i = 0; i < count; ++i) {
    v1::SearchRequest request;
    const float* query = Row(queries[i]);
    request.mutable_vector()->set_dense_f32(query, size_t{dimensions_} * sizeof(float));
    request.set_vector_name(space_);
    request.set_top_k(kAsked);
    request.add_include("source");
    ASSIGN_OR_RETURN(const v1::SearchReply reply, client.Search(ns, request));
    const std::vector<Scored> best = ExactBest(queries[i], metric);
    std::unordered_map<uint32_t, size_t> exact_rank;
    const auto below = [](double score) { return score - kTieTolerance * std::max(1.0, std::abs(score)); };
    // Equal scores have one rank, for any order of them is right.
    for (size_t place = 0, rank = 0; place < best.size(); ++place) {
      if (best[place].score < below(best[rank].score)) rank = place;
      exact_rank[best[place].row] = rank;
    }
    const double worst = below(best.back().score);
    size_t taken = 0;
    size_t agreed = 0;
    std::vector<size_t> ranks;
    std::unordered_set<uint32_t> found;
    for (const v1::Hit& hit : reply.hits()) {
      const auto row = rows.find(HashBytes64(hit.id()));
      if (row == rows.end()) continue;
      if (taken++ == best.size()) break;
      found.insert(row->second);
      if (Score(query, Row(row->second), metric) >= worst) ++agreed;
      if (const auto rank = exact_rank.find(row->second); rank != exact_rank.end()) ranks.push_back(rank->second);
    }
    overlap += static_cast<double>(agreed) / static_cast<double>(best.size());
    if (const auto one = KendallTau(ranks)) {
      tau += *one;
      ++taus;
    }
    for (const Scored& wanted : best) {
      if (found.count(wanted.row) != 0) continue;
      if (absent.count(ids_[wanted.row]) != 0) {
        agreement.set_not_migrated(agreement.not_migrated() + 1);
      } else if (!findable_[wanted.row]) {
        agreement.set_filtered(agreement.filtered() + 1);
      } else {
        agreement.set_other(agreement.other() + 1);
      }
    }
  }
  agreement.set_queries(count);
  agreement.set_overlap(overlap / static_cast<double>(count));
  agreement.set_kendall_tau(taus == 0 ? 0 : tau / static_cast<double>(taus));
  return agreement;
}

}  // namespace engram
