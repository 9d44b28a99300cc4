// What lives of a sealed graph, to be taken over into a larger one; private to index/vector.
//
// A link to a dead row goes. In its place come rows that lay behind: those the dead one was linked to, through further
// dead ones where they are dead, too. The nearest are taken first, as many as there is room for, but none that is
// nearer to a link already there than to the row itself, which is how HNSW chooses links. Where that leaves a row with
// fewer links than it had, the nearest of the others make up the number: graphs that lose links with every merge lose
// recall with them. (That the neighbours of the dead make good links is from FreshDiskANN, Singh et al., arXiv
// 2105.09613, Algorithm 4.)
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "index/vector/graph.h"

namespace engram {

// A graph and where its rows are in another set of rows.
struct GraphBase {
  Graph graph;
  std::vector<uint32_t> rows;  // by row of the graph: its row there, ascending; kNoLink where it is dead
};

// Thread-safe. Rows of the base are called rows, those of the larger graph numbers.
class GraphCopy {
 public:
  // REQUIRES: the graph is sound; `base` outlives the copy.
  explicit GraphCopy(const GraphBase& base);

  bool Lives(uint32_t row) const { return base_.rows[row] != kNoLink; }
  uint32_t NumberOf(uint32_t row) const { return base_.rows[row]; }
  int LevelOf(uint32_t row) const { return levels_[row]; }

  // The links of a living row on a level that it has, as numbers. `distance(a, b)` is that of two numbers. Calls to
  // different rows may run side by side.
  template <class Distance>
  std::vector<uint32_t> Links(uint32_t row, int level, const Distance& distance) const {
    std::vector<uint32_t> links;
    std::vector<uint32_t> behind;
    Split(row, level, &links, &behind);
    if (behind.empty()) return links;
    const uint32_t number = NumberOf(row);
    const size_t width = level == 0 ? kGraphLinks0 : kGraphLinks;
    const size_t before = LinkCount(row, level);
    std::vector<std::pair<float, uint32_t>> nearest;
    nearest.reserve(behind.size());
    for (const uint32_t other : behind) nearest.emplace_back(distance(number, other), other);
    std::sort(nearest.begin(), nearest.end());
    std::vector<uint32_t> covered;
    for (const auto& [apart, other] : nearest) {
      if (links.size() == width) return links;
      const auto covers = [&, far = apart, to = other](uint32_t link) { return distance(link, to) < far; };
      const bool near_another = std::any_of(links.begin(), links.end(), covers);
      (near_another ? covered : links).push_back(other);
    }
    for (size_t i = 0; i < covered.size() && links.size() < before; ++i) links.push_back(covered[i]);
    return links;
  }

  // How many links the row had, dead ones included.
  size_t LinkCount(uint32_t row, int level) const { return LinksOf(NodeOf(row, level), level).size(); }

 private:
  uint32_t NodeOf(uint32_t row, int level) const;
  uint32_t RowOf(uint32_t node, int level) const;
  std::span<const uint32_t> LinksOf(uint32_t node, int level) const;
  // The living neighbours, and when there are dead ones what lay behind them, in ascending order.
  void Split(uint32_t row, int level, std::vector<uint32_t>* links, std::vector<uint32_t>* behind) const;

  const GraphBase& base_;
  std::vector<uint8_t> levels_;  // by row
};

}  // namespace engram
