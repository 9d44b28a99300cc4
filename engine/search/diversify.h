// Maximal marginal relevance (Carbonell and Goldstein, SIGIR 1998): each next hit is the one with the greatest
//
//   lambda * relevance - (1 - lambda) * (greatest similarity to a hit chosen before)     lambda = 1 - diversity
//
// Relevance is the final score, scaled to [0, 1] over the candidates (1 when all are equal), so that lambda means
// the same under every fusion. Similarity is that of the memories' vectors; 0 where one has no vector.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

#include "base/status.h"
#include "index/vector/vector_index.h"

namespace engram::search {

struct DiversityOptions {
  double diversity = 0;  // 0 to 1
  size_t chosen_max = 0;
};

// The first `chosen_max` of `best_first` (candidates with their final scores) in the order of MMR; ties keep the
// order they came in. `check` is asked once per choice.
Result<std::vector<size_t>> Diversify(const std::vector<size_t>& best_first, const std::vector<double>& scores,
                                      const std::function<double(size_t, size_t)>& similarity,
                                      const DiversityOptions& options, const std::function<Status()>& check);

// How alike two memories are, at most 1: the cosine of their vectors (cosine and dot spaces), 1 / (1 + distance)
// under l2, 0 where one has none.
double Resemblance(const VectorView& view, Metric metric, Slot a, Slot b);

}  // namespace engram::search
