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
  std::vector<std::pair<NodeNumber, double>> seeds = {};
  double restart = 0.15;  // alpha
  // At the end r(u) < epsilon * degree(u), unless pushes_max came first. The degree counts edges (a dead end has 1):
  // pushes then look at 1 / (alpha * epsilon) edges at most, whatever the weights and their scale.
  double epsilon = 1e-4;
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

// p = alpha * s + (1 - alpha) * p * P, with s the seeds. P leaves a node along its edges in proportion to their
// weights; a node without usable edges (of weight > 0) gives its mass back to the seeds, s again.
//
// Scores are never too high, and too low by `residual` together. Where walks are symmetric (kBoth, unit weights, no
// dead ends), each is too low by less than epsilon * degree. A node with more than r(u) / epsilon edges is not walked
// past, so a hub of thousands among the seeds needs a smaller epsilon.
//
// Deterministic. InvalidArgument without seeds, on weights that are not finite and > 0, restart outside (0, 1] or
// epsilon outside (0, 1).
Result<PageRank> ForwardPush(const NeighborSource& neighbors, const PageRankOptions& options);

}  // namespace engram
