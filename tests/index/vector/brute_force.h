// The naive twin of VectorIndex: a map of vectors, compared one by one in double.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "index/vector/vector_index.h"

namespace engram {

class BruteForce {
 public:
  explicit BruteForce(Metric metric) : metric_(metric) {}

  void Add(Slot slot, std::vector<float> vector) { vectors_[slot] = std::move(vector); }
  void Remove(Slot slot) { vectors_.erase(slot); }
  const std::map<Slot, std::vector<float>>& vectors() const { return vectors_; }

  std::optional<double> Score(const std::vector<float>& query, Slot slot) const {
    const auto found = vectors_.find(slot);
    if (found == vectors_.end()) return std::nullopt;
    return Similarity(query, found->second);
  }

  std::vector<ScoredSlot> Top(const std::vector<float>& query, const SlotSet& allowed, size_t k) const {
    std::vector<ScoredSlot> hits;
    for (const auto& [slot, vector] : vectors_) {
      if (allowed.contains(slot.value)) hits.push_back({slot, Similarity(query, vector)});
    }
    std::sort(hits.begin(), hits.end(), BetterHit);
    if (hits.size() > k) hits.resize(k);
    return hits;
  }

  double Similarity(const std::vector<float>& a, const std::vector<float>& b) const {
    double dot = 0, aa = 0, bb = 0, squared = 0;
    for (size_t i = 0; i < a.size(); ++i) {
      const double x = a[i], y = b[i];
      dot += x * y;
      aa += x * x;
      bb += y * y;
      squared += (x - y) * (x - y);
    }
    if (metric_ == Metric::kL2) return -std::sqrt(squared);
    return metric_ == Metric::kDot ? dot : dot / std::sqrt(aa) / std::sqrt(bb);
  }

 private:
  Metric metric_;
  std::map<Slot, std::vector<float>> vectors_;
};

}  // namespace engram
