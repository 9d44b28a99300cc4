#include "index/vector/graph_copy.h"

#include "base/check.h"

namespace engram {
namespace {

// Dead rows that are crossed for one row, beyond its own neighbours.
constexpr size_t kCrossedMax = 64;

bool Contains(const std::vector<uint32_t>& numbers, uint32_t n) {
  return std::find(numbers.begin(), numbers.end(), n) != numbers.end();
}

}  // namespace

GraphCopy::GraphCopy(const GraphBase& base) : base_(base), levels_(base.rows.size()) {
  ENGRAM_CHECK(base.graph.links0.size() == base.rows.size() * kGraphLinks0);
  for (size_t level = 1; level <= base.graph.upper.size(); ++level) {
    for (const uint32_t row : base.graph.upper[level - 1].rows) levels_[row] = static_cast<uint8_t>(level);
  }
}

uint32_t GraphCopy::NodeOf(uint32_t row, int level) const {
  if (level == 0) return row;
  const std::span<const uint32_t> rows = base_.graph.upper[static_cast<size_t>(level) - 1].rows;
  return static_cast<uint32_t>(std::lower_bound(rows.begin(), rows.end(), row) - rows.begin());
}

uint32_t GraphCopy::RowOf(uint32_t node, int level) const {
  return level == 0 ? node : base_.graph.upper[static_cast<size_t>(level) - 1].rows[node];
}

std::span<const uint32_t> GraphCopy::LinksOf(uint32_t node, int level) const {
  const std::span<const uint32_t> links =
      level == 0 ? base_.graph.Links0(node)
                 : base_.graph.upper[static_cast<size_t>(level) - 1].links.subspan(node * kGraphLinks, kGraphLinks);
  return links.first(static_cast<size_t>(std::find(links.begin(), links.end(), kNoLink) - links.begin()));
}

void GraphCopy::Split(uint32_t row, int level, std::vector<uint32_t>* links, std::vector<uint32_t>* behind) const {
  std::vector<uint32_t> dead;  // nodes
  for (const uint32_t node : LinksOf(NodeOf(row, level), level)) {
    const uint32_t neighbour = RowOf(node, level);
    if (Lives(neighbour)) {
      links->push_back(NumberOf(neighbour));
    } else {
      dead.push_back(node);
    }
  }
  const size_t neighbours = dead.size();
  const size_t enough = neighbours + kGraphLinks;
  for (size_t i = 0; i < dead.size(); ++i) {
    // All dead neighbours are crossed, what lies farther only where they led to little.
    if (i >= neighbours && behind->size() >= enough) break;
    for (const uint32_t node : LinksOf(dead[i], level)) {
      const uint32_t other = RowOf(node, level);
      if (Lives(other)) {
        if (other != row) behind->push_back(NumberOf(other));
      } else if (dead.size() < neighbours + kCrossedMax && !Contains(dead, node)) {
        dead.push_back(node);
      }
    }
  }
  std::sort(behind->begin(), behind->end());
  behind->erase(std::unique(behind->begin(), behind->end()), behind->end());
  std::erase_if(*behind, [&](uint32_t number) { return Contains(*links, number); });
}

}  // namespace engram
