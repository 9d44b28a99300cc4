#include "graph/pagerank.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

// With p the scores and r the residuals, both zero but for r = s at the start, a push at u is
//   p(u) += alpha * r(u);  r(v) += (1 - alpha) * r(u) * P(u, v) for every v;  r(u) = its own share of that
// and keeps  pr(s) = p + sum over u of r(u) * pr(u)  true (their Lemma 1), so p + r sum to 1 throughout.
// Since pr(u)(u) >= alpha, every residual left over may leave alpha of itself where it lies: that scores the
// whole rim that pushes reached, and p stays a lower bound.

namespace engram {
namespace {

struct Link {
  uint32_t to;
  double share;  // of what leaves the node
};

struct PushNode {
  NodeNumber number;
  double score = 0;
  double residual = 0;
  bool queued = false;
  bool complete = false;  // the links are all there are
  // At least so many edges: exact when complete, otherwise how far counting went.
  size_t degree = 1;
  size_t first_link = 0;
  size_t links = 0;
};

class Push {
 public:
  Push(const NeighborSource& neighbors, const PageRankOptions& options) : neighbors_(neighbors), options_(options) {}

  Result<PageRank> Run() {
    PlaceSeeds();
    for (const Link& seed : seeds_) RETURN_IF_ERROR(Receive(seed.to, seed.share));
    for (size_t pushes = 0; !queue_.empty() && pushes < options_.pushes_max; ++pushes) {
      const uint32_t next = queue_.front();
      queue_.pop_front();
      nodes_[next].queued = false;
      RETURN_IF_ERROR(PushAt(next));
    }
    return Rank();
  }

 private:
  void PlaceSeeds() {
    double total = 0;
    for (const auto& [node, weight] : options_.seeds) total += weight;
    for (const auto& [node, weight] : options_.seeds) seeds_.push_back({PlaceOf(node), weight / total});
  }

  uint32_t PlaceOf(NodeNumber node) {
    const auto [place, added] = places_.try_emplace(node, static_cast<uint32_t>(nodes_.size()));
    if (added) nodes_.emplace_back().number = node;
    return place->second;
  }

  Status PushAt(uint32_t at) {
    const double mass = nodes_[at].residual;
    nodes_[at].residual = 0;
    nodes_[at].score += options_.restart * mass;
    const double rest = (1 - options_.restart) * mass;
    // By index: receiving may add nodes and so move them.
    const bool dead_end = nodes_[at].links == 0;
    const std::vector<Link>& links = dead_end ? seeds_ : links_;
    const size_t first = dead_end ? 0 : nodes_[at].first_link;
    const size_t count = dead_end ? seeds_.size() : nodes_[at].links;
    for (size_t i = first; i < first + count; ++i) {
      const Link link = links[i];
      RETURN_IF_ERROR(Receive(link.to, rest * link.share));
    }
    return {};
  }

  Status Receive(uint32_t at, double mass) {
    PushNode& node = nodes_[at];
    node.residual += mass;
    if (node.queued || !Due(node)) return {};
    if (!node.complete) RETURN_IF_ERROR(Explore(at));
    if (!nodes_[at].complete || !Due(nodes_[at])) return {};
    nodes_[at].queued = true;
    queue_.push_back(at);
    return {};
  }

  bool Due(const PushNode& node) const { return node.residual >= options_.epsilon * static_cast<double>(node.degree); }

  // Reads the links, or gives up where the degree is twice what the residual could push: a hub is read again only
  // when its residual has doubled, and never read far for nothing.
  Status Explore(uint32_t at) {
    constexpr double kNoBound = 1e18;
    const auto enough = static_cast<size_t>(std::min(2 * nodes_[at].residual / options_.epsilon, kNoBound)) + 1;
    found_.clear();
    bool complete = true;
    RETURN_IF_ERROR(neighbors_.Visit(nodes_[at].number, options_.direction, [&](const Step& step) {
      if (!(step.weight > 0)) return true;
      if (found_.size() == enough) return complete = false;
      found_.emplace_back(step.other, step.weight);
      return true;
    }));
    nodes_[at].degree = std::max<size_t>(found_.size(), 1);
    nodes_[at].complete = complete;
    if (complete) KeepLinks(at);
    return {};
  }

  void KeepLinks(uint32_t at) {
    // Scaled by the largest first: a sum of finite weights may be infinite.
    double largest = 0;
    for (const auto& [other, weight] : found_) largest = std::max(largest, weight);
    double total = 0;
    for (const auto& [other, weight] : found_) total += weight / largest;
    nodes_[at].first_link = links_.size();
    nodes_[at].links = found_.size();
    for (const auto& [other, weight] : found_) links_.push_back({PlaceOf(other), weight / largest / total});
  }

  PageRank Rank() const {
    PageRank rank;
    for (const PushNode& node : nodes_) {
      const double score = node.score + options_.restart * node.residual;
      rank.residual += (1 - options_.restart) * node.residual;
      if (score > 0) rank.nodes.push_back({node.number, score});
    }
    std::sort(rank.nodes.begin(), rank.nodes.end(), [](const RankedNode& a, const RankedNode& b) {
      return a.score != b.score ? a.score > b.score : a.node < b.node;
    });
    return rank;
  }

  const NeighborSource& neighbors_;
  const PageRankOptions& options_;
  std::vector<PushNode> nodes_;  // in the order they were met
  std::unordered_map<NodeNumber, uint32_t> places_;
  std::vector<Link> links_;  // of each node explored, together
  std::vector<Link> seeds_;
  std::deque<uint32_t> queue_;
  std::vector<std::pair<NodeNumber, double>> found_;
};

Status Validate(const PageRankOptions& options) {
  if (options.seeds.empty()) return InvalidArgument("a ranking needs at least one seed").At("seeds");
  double total = 0;
  for (const auto& [node, weight] : options.seeds) {
    if (!(weight > 0)) return InvalidArgument("a seed's weight must be above 0").At("seeds");
    total += weight;
  }
  if (!std::isfinite(total)) return InvalidArgument("the seeds' weights must be finite, their sum too").At("seeds");
  if (!(options.restart > 0 && options.restart <= 1)) {
    return InvalidArgument("restart must be in (0, 1], got " + std::to_string(options.restart)).At("restart");
  }
  if (!(options.epsilon > 0 && options.epsilon < 1)) {
    return InvalidArgument("epsilon must be in (0, 1), got " + std::to_string(options.epsilon)).At("epsilon");
  }
  return {};
}

}  // namespace

Result<PageRank> ForwardPush(const NeighborSource& neighbors, const PageRankOptions& options) {
  RETURN_IF_ERROR(Validate(options));
  return Push(neighbors, options).Run();
}

}  // namespace engram
