// Edges with the ids of their ends, and filters over them.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/kv.h"
#include "base/status.h"
#include "engine/engine.h"
#include "graph/edge.h"

namespace engram {

// Looks each node number up once. Confined to one read; `rows` must outlive it.
class EdgeNaming {
 public:
  explicit EdgeNaming(const KvReader& rows) : rows_(rows) {}

  // An erased node has an empty id.
  Result<std::string> IdOf(NodeNumber node);
  Result<NamedEdge> Name(Edge edge);
  Result<std::vector<NamedEdge>> Name(std::vector<Edge> edges);

 private:
  const KvReader& rows_;
  std::unordered_map<NodeNumber, std::string> ids_;
};

// A filter in the form that walks and lists take. Confined to one read.
class EdgeCondition {
 public:
  EdgeCondition(const KvReader& rows, const std::optional<Filter>& filter);

  // Whether it has to read the ids of ends.
  bool reads_ids() const { return reads_ids_; }
  // Empty without a filter. Dies with this object.
  std::function<bool(const Edge&)> accept();
  // The first error met while accepting.
  const Status& status() const { return status_; }

 private:
  bool Accepts(const Edge& edge);

  const std::optional<Filter>& filter_;
  EdgeNaming naming_;
  bool reads_ids_ = false;
  Status status_;
};

}  // namespace engram
