// Sums over the scores that are there. Pure functions; nothing counts as absent, never as zero.
#pragma once

#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/search/fusion/columns.h"

namespace engram::search {

struct Range {
  double low = 0;
  double high = 0;
};

// Nothing when no score is there.
inline std::optional<Range> RangeOf(const Scores& scores) {
  std::optional<Range> range;
  for (const auto& score : scores) {
    if (!score) continue;
    if (!range) range = Range{*score, *score};
    range->low = std::min(range->low, *score);
    range->high = std::max(range->high, *score);
  }
  return range;
}

// Divides the squared deviations by the count (kPopulation) or by one less (kSample).
enum class Deviation : bool { kPopulation, kSample };

struct Spread {
  double mean = 0;
  double deviation = 0;  // 0 too when there is but one score, or when all are equal
};

inline Spread SpreadOf(const Scores& scores, Deviation kind) {
  const auto range = RangeOf(scores);
  if (!range) return {};
  if (range->low == range->high) return {range->low, 0};
  double sum = 0;
  double count = 0;
  for (const auto& score : scores) {
    if (!score) continue;
    sum += *score;
    ++count;
  }
  const double mean = sum / count;
  double squares = 0;
  for (const auto& score : scores) {
    if (score) squares += (*score - mean) * (*score - mean);
  }
  return {mean, std::sqrt(squares / (kind == Deviation::kSample ? count - 1 : count))};
}

}  // namespace engram::search
