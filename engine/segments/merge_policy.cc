#include "engine/segments/merge_policy.h"

#include <cmath>

namespace engram {
namespace {

// Sizes within a factor of `neighbours` share a tier: with 4, those from 2,048 to 8,191, as stretches are that are
// sealed at 4,000 rows or a little late.
int Tier(const SealedSize& size, const MergePolicy& policy) {
  if (size.live == 0) return 0;
  const double tiers = std::log(static_cast<double>(size.live)) / std::log(static_cast<double>(policy.neighbours));
  return static_cast<int>(std::lround(tiers));
}

// Flat neighbours that are worth a graph together, and with them the parts beside that are not much larger: a larger
// one stays until more has gathered, so that a row is inserted again only when its graph has grown by that factor.
std::optional<MergeRange> PickGraph(const std::vector<SealedSize>& parts, const MergePolicy& policy) {
  for (size_t begin = 0, end = 0; begin < parts.size(); begin = end + 1) {
    size_t live = 0;
    for (end = begin; end < parts.size() && parts[end].wants_graph; ++end) live += parts[end].live;
    if (live == 0 || live < policy.graph_rows) continue;
    const auto joins = [&](const SealedSize& part) { return part.live <= policy.neighbours * live; };
    while (begin > 0 && joins(parts[begin - 1])) live += parts[--begin].live;
    while (end < parts.size() && joins(parts[end])) live += parts[end++].live;
    return MergeRange{begin, end};
  }
  return std::nullopt;
}

}  // namespace

std::optional<MergeRange> PickMerge(const std::vector<SealedSize>& parts, const MergePolicy& policy) {
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto dead = static_cast<double>(parts[i].rows - parts[i].live);
    if (dead > 0 && parts[i].holds_erased) return MergeRange{i, i + 1};
    if (dead > policy.dead_share_max * static_cast<double>(parts[i].rows)) return MergeRange{i, i + 1};
  }
  if (const auto graph = PickGraph(parts, policy)) return graph;
  // The newest first: they are the small ones. A run takes what is smaller between its ends along.
  for (size_t end = parts.size(); end > 0; --end) {
    const int tier = Tier(parts[end - 1], policy);
    size_t begin = end - 1;
    size_t live = parts[begin].live;
    while (begin > 0 && Tier(parts[begin - 1], policy) <= tier) live += parts[--begin].live;
    if (end - begin >= policy.neighbours && live <= policy.rows_max) return MergeRange{begin, end};
  }
  return std::nullopt;
}

}  // namespace engram
