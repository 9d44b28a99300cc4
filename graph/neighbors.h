// Where a walk gets its edges from: rows (exact, any time) or the compact cache (current edges, fast).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/kv.h"
#include "graph/edge.h"
#include "graph/edge_store.h"

namespace engram {

// An edge that is put together when somebody asks for it: most walks need only where it leads.
class StepEdge {
 public:
  virtual const Edge& Get() const = 0;

 protected:
  ~StepEdge() = default;
};

// An edge as a walk sees it from one end.
struct Step {
  NodeNumber other;
  bool outgoing = true;
  double weight = 1;
  const StepEdge* at = nullptr;

  // Valid during the visit.
  const Edge& edge() const { return at->Get(); }
};

class NeighborSource {
 public:
  virtual ~NeighborSource() = default;
  // Visits the usable edges at `node` in a fixed order until `visit` returns false.
  virtual Status Visit(NodeNumber node, Direction direction, const std::function<bool(const Step&)>& visit) const = 0;
};

// Which edges a walk may use.
struct WalkFilter {
  std::vector<std::string> types;           // empty: all
  std::function<bool(const Edge&)> accept;  // scopes, metadata; may be empty
};

// Straight from the rows; `as_of` for walks in the past, otherwise edges current and valid at `now`.
std::unique_ptr<NeighborSource> RowNeighbors(const KvReader& reader, WalkFilter filter, std::optional<Timestamp> as_of,
                                             Timestamp now);

// The current edges of one namespace in memory, built on the first walk and kept up to date by change.
// Threads: one writer; Apply and walks are serialised by the owner's lock (walks may share it).
class AdjacencyCache {
 public:
  AdjacencyCache();
  ~AdjacencyCache();
  AdjacencyCache(const AdjacencyCache&) = delete;
  AdjacencyCache& operator=(const AdjacencyCache&) = delete;

  static Result<std::unique_ptr<AdjacencyCache>> Build(const KvReader& reader);
  void Apply(const EdgeChange& change);
  // Edges current and valid at `now`. The source must not outlive the cache nor the lock.
  std::unique_ptr<NeighborSource> Neighbors(WalkFilter filter, Timestamp now) const;
  size_t edges() const;
  size_t MemoryBytes() const;

 private:
  class Rep;
  class Source;
  std::unique_ptr<Rep> rep_;
};

}  // namespace engram
