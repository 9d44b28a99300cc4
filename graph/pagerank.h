// Personalised PageRank by forward push (Andersen, Chung, Lang, FOCS 2006, "Local Graph Partitioning using
// PageRank Vectors"): touches only the neighbourhood of the seeds.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "graph/neighbors.h"

namespace engram {

struct PageRankOptions {
  // Where a walk starts and restarts, with weights > 0 (scaled to sum 1).
  std::vector<std::pair<NodeNumber, double>> seeds;
  double restart = 0.15;    // alpha
  double epsilon = 1e-4;    // r(u) < epsilon * weighted degree(u) at the end
  Direction direction = Direction::kBoth;
  size_t pushes_max = 1'000'000;
};

struct RankedNode {
  NodeNumber node;
  double score = 0;
};

struct PageRank {
  std::vector<RankedNode> nodes;  // best first, equal scores by node number; every score > 0
  // Upper bound of what all scores together are too low by: the mass still in the residuals.
  double residual = 0;
};

// Walks leave a node along its edges in proportion to their weights; a node without usable edges gives its
// mass back to the seeds.
Result<PageRank> ForwardPush(const NeighborSource& neighbors, const PageRankOptions& options);

}  // namespace engram
