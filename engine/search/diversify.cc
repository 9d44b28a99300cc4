#include "engine/search/diversify.h"

#include <algorithm>
#include <cmath>

namespace engram::search {
namespace {

// By place in `best_first`.
std::vector<double> Relevance(const std::vector<size_t>& best_first, const std::vector<double>& scores) {
  std::vector<double> relevance;
  const double high = scores[best_first.front()];
  const double low = scores[best_first.back()];
  for (const size_t candidate : best_first) {
    relevance.push_back(high > low ? (scores[candidate] - low) / (high - low) : 1.0);
  }
  return relevance;
}

}  // namespace

Result<std::vector<size_t>> Diversify(const std::vector<size_t>& best_first, const std::vector<double>& scores,
                                      const std::function<double(size_t, size_t)>& similarity,
                                      const DiversityOptions& options, const std::function<Status()>& check) {
  std::vector<size_t> chosen;
  if (best_first.empty()) return chosen;
  const std::vector<double> relevance = Relevance(best_first, scores);
  const size_t n = best_first.size();
  const double lambda = 1 - options.diversity;
  std::vector<std::optional<double>> nearest(n);  // the greatest similarity to a chosen one
  std::vector<bool> taken(n, false);
  while (chosen.size() < std::min(options.chosen_max, n)) {
    RETURN_IF_ERROR(check());
    std::optional<size_t> best;
    double best_value = 0;
    for (size_t i = 0; i < n; ++i) {
      if (taken[i]) continue;
      const double value = lambda * relevance[i] - options.diversity * nearest[i].value_or(0);
      if (best && value <= best_value) continue;
      best = i;
      best_value = value;
    }
    taken[*best] = true;
    chosen.push_back(best_first[*best]);
    for (size_t i = 0; i < n; ++i) {
      if (taken[i]) continue;
      const double alike = similarity(best_first[*best], best_first[i]);
      nearest[i] = nearest[i] ? std::max(*nearest[i], alike) : alike;
    }
  }
  return chosen;
}

double Resemblance(const VectorView& view, Metric metric, Slot a, Slot b) {
  const std::optional<double> similarity = view.Similarity(a, b);
  if (!similarity) return 0;
  if (metric == Metric::kCosine) return *similarity;
  if (metric == Metric::kL2) return 1 / (1 - *similarity);
  const double norms = std::sqrt(*view.Similarity(a, a)) * std::sqrt(*view.Similarity(b, b));
  return norms > 0 ? *similarity / norms : 0.0;
}

}  // namespace engram::search
