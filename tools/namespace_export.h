// A namespace's rows into a sink: what `engram export` does, and what an import does before it writes over anything.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"
#include "client/cpp/client.h"
#include "tools/export_sink.h"
#include "tools/progress.h"

namespace engram {

struct ExportScope {
  bool no_history = false;
  bool no_graph = false;  // neither nodes nor edges
};

struct ExportCounts {
  uint64_t memories = 0;
  uint64_t versions = 0;    // former ones
  uint64_t tombstones = 0;  // deleted memories
  uint64_t nodes = 0;
  uint64_t runs = 0;
  uint64_t edges = 0;
  uint64_t ended_edges = 0;
  uint64_t histories_cut = 0;  // memories whose oldest former versions one import could not take
};

struct DeltaCounts {
  uint64_t memories = 0;
  uint64_t versions = 0;  // former ones, with their ends
  uint64_t ended = 0;
  uint64_t erased = 0;  // gone, with ids that nobody knows any more
  uint64_t histories_cut = 0;
  std::string reached;  // the next delta goes on from here
};

// Writes what changed since a position: the configuration, memories, and tombstones of those that are gone, consistent
// at the position in `reached`. Nodes, runs and edges are not in it. PositionExpired says what to do instead.
Result<DeltaCounts> ExportDelta(Client& client, const v1::Namespace& described, const std::string& store,
                                const std::string& since, const ExportScope& scope, ExportSink& sink,
                                Progress& progress);

// Writes the configuration, memories, nodes, runs and edges, and finishes the sink. `store`: what the store is called
// in the sink's description.
Result<ExportCounts> ExportNamespace(Client& client, const v1::Namespace& described, const std::string& store,
                                     const ExportScope& scope, ExportSink& sink, Progress& progress);

}  // namespace engram
