// Memories near the seeds in the graph, by personalised PageRank (graph/pagerank.h) over the edges within a few
// hops of them.
#pragma once

#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/search/leg.h"
#include "engine/search/source.h"
#include "graph/neighbors.h"
#include "graph/traversal.h"

namespace engram::search {

// Beyond so many nodes the neighbourhood of the seeds is cut, nearest first.
constexpr size_t kGraphLegNodesMax = 10'000;

// Where walks start, with weights > 0.
using GraphSeeds = std::vector<std::pair<NodeNumber, double>>;

// A slot that no walk reaches has the score 0, not none.
class GraphLeg final : public Leg {
 public:
  // Hits are the nodes that are visible memories of `view`. Without seeds it finds nothing.
  static Result<std::unique_ptr<Leg>> Walk(const SearchSource& source, const IndexView& view, const WalkFilter& filter,
                                           const GraphSeeds& seeds, uint32_t hops);

  std::vector<ScoredSlot> Top(const SlotSet& allowed, size_t k) const override;
  Scores Score(const std::vector<Slot>& slots) const override;
  std::vector<NodeNumber> PathTo(Slot slot) const override;

 private:
  void RememberParents(const Expansion& expansion);

  struct Found {
    NodeNumber node;
    double mass = 0;
  };
  std::unordered_map<Slot, Found> found_;
  std::unordered_map<NodeNumber, NodeNumber> parents_;  // one hop nearer to a seed
};

}  // namespace engram::search
