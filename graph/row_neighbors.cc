#include <utility>

#include "graph/edge_scan.h"
#include "graph/neighbors.h"

namespace engram {
namespace {

class RowEdge final : public StepEdge {
 public:
  explicit RowEdge(const Edge& edge) : edge_(edge) {}
  const Edge& Get() const override { return edge_; }

 private:
  const Edge& edge_;
};

class RowSource final : public NeighborSource {
 public:
  RowSource(const KvReader& reader, WalkFilter filter, std::optional<Timestamp> as_of, Timestamp now)
      : reader_(reader), filter_(std::move(filter)), as_of_(as_of), now_(now) {}

  Status Visit(NodeNumber node, Direction direction, const std::function<bool(const Step&)>& visit) const override {
    const EdgeScan scan{.node = node, .direction = direction, .types = filter_.types, .retired = as_of_.has_value()};
    return ScanEdges(reader_, scan, [&](const Edge& edge, std::string_view) {
      if (!Usable(edge)) return true;
      const bool outgoing = edge.source == node && direction != Direction::kIn;
      const RowEdge at(edge);
      return visit(Step{outgoing ? edge.target : edge.source, outgoing, edge.weight, &at});
    });
  }

 private:
  bool Usable(const Edge& edge) const {
    const bool holds = as_of_ ? HoldsAt(edge, *as_of_) : ValidAt(edge, now_);
    return holds && (!filter_.accept || filter_.accept(edge));
  }

  const KvReader& reader_;
  const WalkFilter filter_;
  const std::optional<Timestamp> as_of_;
  const Timestamp now_;
};

}  // namespace

std::unique_ptr<NeighborSource> RowNeighbors(const KvReader& reader, WalkFilter filter, std::optional<Timestamp> as_of,
                                             Timestamp now) {
  return std::make_unique<RowSource>(reader, std::move(filter), as_of, now);
}

}  // namespace engram
