#include "index/vector/graph.h"

#include <algorithm>

namespace engram {
namespace {

bool AllBelow(std::span<const uint32_t> numbers, size_t bound) {
  return std::all_of(numbers.begin(), numbers.end(), [&](uint32_t n) { return n < bound; });
}

bool LinksBelow(std::span<const uint32_t> links, size_t bound) {
  return std::all_of(links.begin(), links.end(), [&](uint32_t n) { return n < bound || n == kNoLink; });
}

}  // namespace

bool GraphIsSound(const Graph& graph, size_t rows) {
  if (graph.links0.size() != rows * kGraphLinks0 || !LinksBelow(graph.links0, rows)) return false;
  size_t below = rows;
  std::span<const uint32_t> rows_below;  // by node; empty where nodes are rows
  for (const GraphLevel& level : graph.upper) {
    const size_t nodes = level.rows.size();
    if (nodes == 0 || level.down.size() != nodes || level.links.size() != nodes * kGraphLinks) return false;
    if (!AllBelow(level.rows, rows) || !AllBelow(level.down, below) || !LinksBelow(level.links, nodes)) return false;
    for (size_t node = 0; node < nodes; ++node) {
      if (node > 0 && level.rows[node - 1] >= level.rows[node]) return false;
      const uint32_t down = level.down[node];
      if ((rows_below.empty() ? down : rows_below[down]) != level.rows[node]) return false;
    }
    below = nodes;
    rows_below = level.rows;
  }
  return graph.entry < below;
}

}  // namespace engram
