#include "engine/search/vector_leg.h"

#include <algorithm>

namespace engram::search {
namespace {

constexpr double kScoreMax = 1e300;

double Finite(double score) { return std::clamp(score, -kScoreMax, kScoreMax); }

}  // namespace

std::vector<ScoredSlot> VectorLeg::Top(const SlotSet& allowed, size_t k) const {
  std::vector<ScoredSlot> hits = view_.Top(query_, allowed, k, {.give_up = give_up_});
  for (ScoredSlot& hit : hits) hit.score = Finite(hit.score);
  return hits;
}

Scores VectorLeg::Score(const std::vector<Slot>& slots) const {
  Scores scores = view_.Score(query_, slots);
  for (auto& score : scores) {
    if (score) score = Finite(*score);
  }
  return scores;
}

}  // namespace engram::search
