// Edges in key order, merged from the rows that hold them: the one way that listing, walking and counting read.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/kv.h"
#include "base/status.h"
#include "graph/edge.h"

namespace engram {

struct EdgeScan {
  std::optional<NodeNumber> node;  // none: all edges, by id
  Direction direction = Direction::kBoth;
  std::vector<std::string> types = {};  // empty: all
  bool retired = false;                 // retired versions too

  // Where to go on: behind this position, or behind every version of its id.
  std::string after = {};
  bool after_every_version = false;
};

// Calls `visit` with each edge and its position until it returns false. A position is what orders edges:
// type, other end, id and version at a node, id and version without one. Both arguments die with the call.
Status ScanEdges(const KvReader& reader, const EdgeScan& scan,
                 const std::function<bool(const Edge&, std::string_view position)>& visit);

// Whether `position` could have come from a scan of this form.
bool IsEdgePosition(std::string_view position, bool at_node);

}  // namespace engram
