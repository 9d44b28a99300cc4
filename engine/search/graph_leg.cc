#include "engine/search/graph_leg.h"

#include <algorithm>
#include <unordered_set>

#include "graph/pagerank.h"

namespace engram::search {
namespace {

// A push touches 1 / (restart * epsilon) edges at most; small enough that a hub among the seeds is walked past.
constexpr double kEpsilon = 1e-5;

// A source without the edges that leave the given nodes.
class WithinNodes final : public NeighborSource {
 public:
  WithinNodes(const NeighborSource& source, const Expansion& expansion) : source_(source) {
    for (const ReachedNode& reached : expansion.nodes) nodes_.insert(reached.node);
  }

  Status Visit(NodeNumber node, Direction direction, const std::function<bool(const Step&)>& visit) const override {
    return source_.Visit(node, direction,
                         [&](const Step& step) { return !nodes_.contains(step.other) || visit(step); });
  }

 private:
  const NeighborSource& source_;
  std::unordered_set<NodeNumber> nodes_;
};

std::vector<NodeNumber> Nodes(const GraphSeeds& seeds) {
  std::vector<NodeNumber> nodes;
  for (const auto& [node, weight] : seeds) nodes.push_back(node);
  return nodes;
}

}  // namespace

Result<std::unique_ptr<Leg>> GraphLeg::Walk(const SearchSource& source, const IndexView& view, const WalkFilter& filter,
                                            const GraphSeeds& seeds, uint32_t hops) {
  if (seeds.empty()) return std::unique_ptr<Leg>(std::make_unique<EmptyLeg>());
  std::unique_ptr<GraphLeg> leg(new GraphLeg());
  PageRank ranks;
  RETURN_IF_ERROR(source.walk(filter, [&](const NeighborSource& neighbors) -> Status {
    ExpandOptions near;
    near.seeds = Nodes(seeds);
    near.hops = hops;
    near.nodes_max = kGraphLegNodesMax;
    ASSIGN_OR_RETURN(const Expansion expansion, Expand(neighbors, near));
    leg->RememberParents(expansion);
    PageRankOptions options;
    options.seeds = seeds;
    options.epsilon = kEpsilon;
    ASSIGN_OR_RETURN(ranks, ForwardPush(WithinNodes(neighbors, expansion), options));
    return {};
  }));
  for (const RankedNode& ranked : ranks.nodes) {
    const std::optional<Slot> slot = source.index->SlotOf(view, ranked.node);
    if (slot) leg->found_.emplace(*slot, Found{ranked.node, ranked.score});
  }
  return std::unique_ptr<Leg>(std::move(leg));
}

void GraphLeg::RememberParents(const Expansion& expansion) {
  std::unordered_map<NodeNumber, uint32_t> distances;
  for (const ReachedNode& reached : expansion.nodes) distances.emplace(reached.node, reached.distance);
  const auto link = [&](NodeNumber from, NodeNumber to) {
    if (distances.at(from) + 1 == distances.at(to)) parents_.emplace(to, from);
  };
  for (const Edge& edge : expansion.edges) {
    link(edge.source, edge.target);
    link(edge.target, edge.source);
  }
}

std::vector<ScoredSlot> GraphLeg::Top(const SlotSet& allowed, size_t k) const {
  std::vector<ScoredSlot> hits;
  for (const auto& [slot, found] : found_) {
    if (allowed.contains(slot.value)) hits.push_back({slot, found.mass});
  }
  std::sort(hits.begin(), hits.end(), BetterHit);
  if (hits.size() > k) hits.resize(k);
  return hits;
}

Scores GraphLeg::Score(const std::vector<Slot>& slots) const {
  Scores scores;
  for (const Slot slot : slots) {
    const auto found = found_.find(slot);
    scores.emplace_back(found == found_.end() ? 0.0 : found->second.mass);
  }
  return scores;
}

std::vector<NodeNumber> GraphLeg::PathTo(Slot slot) const {
  const auto found = found_.find(slot);
  if (found == found_.end()) return {};
  std::vector<NodeNumber> nodes = {found->second.node};
  for (auto parent = parents_.find(nodes[0]); parent != parents_.end(); parent = parents_.find(parent->second)) {
    nodes.push_back(parent->second);
  }
  std::reverse(nodes.begin(), nodes.end());
  return nodes;
}

}  // namespace engram::search
