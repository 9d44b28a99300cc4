#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_map>
#include <utility>

#include "graph/traversal.h"

// Bellman-Ford by hops (Bellman 1958): layer k labels the nodes that k edges reach for less than any fewer.
// A label names the node before; the edge between is looked up again on the way back, so that a walk over a
// million edges copies only those of the answer.

namespace engram {
namespace {

struct Label {
  double cost = 0;
  NodeNumber before;
};

struct Layer {
  std::vector<NodeNumber> nodes;  // in the order they were found, each once
  std::unordered_map<NodeNumber, Label> labels;
};

class PathSearch {
 public:
  PathSearch(const NeighborSource& neighbors, const PathOptions& options) : neighbors_(neighbors), options_(options) {}

  Result<std::optional<Path>> Run() {
    layers_.reserve(options_.hops_max + 1);  // layers stay where they are
    layers_.emplace_back();
    layers_.front().nodes.push_back(options_.source);
    layers_.front().labels.emplace(options_.source, Label{0, options_.source});
    best_.emplace(options_.source, 0);
    for (uint32_t hop = 1; hop <= options_.hops_max && !layers_.back().nodes.empty(); ++hop) {
      RETURN_IF_ERROR(Grow());
    }
    const auto last = std::find_if(layers_.rbegin(), layers_.rend(),
                                   [&](const Layer& layer) { return layer.labels.contains(options_.target); });
    if (last == layers_.rend()) return std::optional<Path>();
    return TraceBack(static_cast<size_t>(layers_.rend() - last) - 1);
  }

 private:
  // Infinite when the step can't be walked.
  static double CostOf(const Step& step) { return 1 / step.weight; }

  Status Grow() {
    const Layer& from = layers_.back();
    Layer& to = layers_.emplace_back();
    for (const NodeNumber node : from.nodes) {
      const double cost = from.labels.at(node).cost;
      if (NoneCheaper(cost)) continue;
      RETURN_IF_ERROR(neighbors_.Visit(node, options_.direction, [&](const Step& step) {
        if (++edges_seen_ > options_.edges_max) return false;
        Relax(node, cost, step, to);
        return true;
      }));
      if (edges_seen_ > options_.edges_max) {
        return Unprocessable("the search for a path looked at " + std::to_string(options_.edges_max) +
                             " edges and does not know yet");
      }
    }
    return {};
  }

  // Whether the target is known at `cost` or less already.
  bool NoneCheaper(double cost) const {
    const auto target = best_.find(options_.target);
    return target != best_.end() && cost >= target->second;
  }

  void Relax(NodeNumber from, double from_cost, const Step& step, Layer& to) {
    const double cost = from_cost + CostOf(step);
    if (!std::isfinite(cost)) return;
    const auto [known, first] = best_.try_emplace(step.other, cost);
    if (!first && cost >= known->second) return;
    known->second = cost;
    if (to.labels.insert_or_assign(step.other, Label{cost, from}).second) to.nodes.push_back(step.other);
  }

  Result<std::optional<Path>> TraceBack(size_t hops) const {
    Path path;
    path.cost = layers_[hops].labels.at(options_.target).cost;
    path.nodes.assign(hops + 1, options_.target);
    path.edges.resize(hops);
    for (size_t hop = hops; hop > 0; --hop) {
      const NodeNumber node = path.nodes[hop];
      const Label& label = layers_[hop].labels.at(node);
      path.nodes[hop - 1] = label.before;
      const double before_cost = layers_[hop - 1].labels.at(label.before).cost;
      RETURN_IF_ERROR(neighbors_.Visit(label.before, options_.direction, [&](const Step& step) {
        const bool taken = step.other == node && before_cost + CostOf(step) == label.cost;
        if (taken) path.edges[hop - 1] = step.edge();
        return !taken;
      }));
    }
    return std::optional<Path>(std::move(path));
  }

  const NeighborSource& neighbors_;
  const PathOptions& options_;
  std::vector<Layer> layers_;
  std::unordered_map<NodeNumber, double> best_;  // over all layers so far
  size_t edges_seen_ = 0;
};

}  // namespace

Result<std::optional<Path>> ShortestPath(const NeighborSource& neighbors, const PathOptions& options) {
  if (options.hops_max > kHopsMax) {
    return InvalidArgument("hops must be at most " + std::to_string(kHopsMax) + ", got " +
                           std::to_string(options.hops_max))
        .At("max_hops");
  }
  return PathSearch(neighbors, options).Run();
}

}  // namespace engram
