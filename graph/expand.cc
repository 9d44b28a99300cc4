#include <string>
#include <unordered_map>

#include "graph/traversal.h"

namespace engram {
namespace {

class Expander {
 public:
  Expander(const NeighborSource& neighbors, const ExpandOptions& options) : neighbors_(neighbors), options_(options) {}

  Result<Expansion> Run() {
    for (const NodeNumber seed : options_.seeds) {
      if (!Reach(seed, 0)) return std::move(result_);
    }
    // `result_.nodes` is the queue: whoever stands before `next_` has been walked.
    for (; next_ < result_.nodes.size() && !result_.truncated; ++next_) {
      const ReachedNode from = result_.nodes[next_];
      if (from.distance == options_.hops) break;
      RETURN_IF_ERROR(
          neighbors_.Visit(from.node, options_.direction, [&](const Step& step) { return Walk(from, step); }));
    }
    return std::move(result_);
  }

 private:
  // False, with the walk truncated, when there is no room.
  bool Reach(NodeNumber node, uint32_t distance) {
    if (places_.contains(node)) return true;
    if (result_.nodes.size() >= options_.nodes_max) {
      result_.truncated = true;
      return false;
    }
    places_.emplace(node, result_.nodes.size());
    result_.nodes.push_back({node, distance});
    return true;
  }

  bool Walk(const ReachedNode& from, const Step& step) {
    if (++edges_seen_ > options_.edges_max) {
      result_.truncated = true;
      return false;
    }
    if (!Reach(step.other, from.distance + 1)) return false;
    // Walked both ways, an edge was met before when its other end was.
    const bool met = options_.direction == Direction::kBoth && places_.at(step.other) < next_;
    if (!met) result_.edges.push_back(step.edge());
    return true;
  }

  const NeighborSource& neighbors_;
  const ExpandOptions& options_;
  Expansion result_;
  std::unordered_map<NodeNumber, size_t> places_;
  size_t next_ = 0;
  size_t edges_seen_ = 0;
};

}  // namespace

Result<Expansion> Expand(const NeighborSource& neighbors, const ExpandOptions& options) {
  if (options.hops > kHopsMax) {
    return InvalidArgument("hops must be at most " + std::to_string(kHopsMax) + ", got " + std::to_string(options.hops))
        .At("hops");
  }
  return Expander(neighbors, options).Run();
}

}  // namespace engram
