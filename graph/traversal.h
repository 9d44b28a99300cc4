// Bounded walks: breadth-first expansion and shortest weighted paths. Pure functions over a
// NeighborSource; safe from any thread that may use the source.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "graph/neighbors.h"

namespace engram {

constexpr uint32_t kHopsMax = 8;

struct ExpandOptions {
  std::vector<NodeNumber> seeds = {};
  uint32_t hops = 1;  // <= kHopsMax
  Direction direction = Direction::kBoth;
  size_t nodes_max = 1000;     // seeds included
  size_t edges_max = 100'000;  // looked at; beyond it the walk stops and says so
};

struct ReachedNode {
  NodeNumber node;
  uint32_t distance = 0;  // hops from the nearest seed
};

struct Expansion {
  std::vector<ReachedNode> nodes;  // by (distance, order of discovery)
  std::vector<Edge> edges;         // among the reached nodes, as walked, each once
  bool truncated = false;          // a bound stopped the walk
};

// Walks edges of every weight, 0 too. Stops where the first bound is met: at the node that would be one too
// many, or at the edge that would. InvalidArgument on more hops than kHopsMax.
Result<Expansion> Expand(const NeighborSource& neighbors, const ExpandOptions& options);

struct PathOptions {
  NodeNumber source = {};
  NodeNumber target = {};
  uint32_t hops_max = 4;  // <= kHopsMax
  Direction direction = Direction::kOut;
  size_t edges_max = 1'000'000;
};

struct Path {
  std::vector<NodeNumber> nodes;  // source … target
  std::vector<Edge> edges;        // one fewer
  double cost = 0;                // sum of 1 / weight; edges of weight 0 are not walked
};

// The cheapest path of at most hops_max edges (Bellman-Ford by hops: exact under the bound); nothing when
// there is none. Among equally cheap ones that of fewest hops, then the first in walk order. From a node to
// itself: no edges, cost 0. Unprocessable when edges_max was not enough to know, InvalidArgument on more hops
// than kHopsMax.
Result<std::optional<Path>> ShortestPath(const NeighborSource& neighbors, const PathOptions& options);

}  // namespace engram
