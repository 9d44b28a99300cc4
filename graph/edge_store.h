// Edges as rows of one namespace. Reader and batch are scoped to the namespace by the caller; the keys
// here start with the kinds that this module owns (edge_rows.cc; docs/formats.md).
//
// Holds no state of its own, so it is safe from any thread; a batch belongs to one writer.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.h"
#include "base/kv.h"
#include "base/status.h"
#include "graph/edge.h"

namespace engram {

// What one call changed, for counters, digests and the adjacency cache.
struct EdgeChange {
  std::optional<Edge> retired = {};  // the version that ended (with `retired` set), if one did
  std::optional<Edge> added = {};    // the version that is now current, if there is one
};

// Makes `edge` the current version of its id, recorded at `edge.recorded`, and retires the version before
// it; one that claims an earlier time is recorded when the version before it ended. An equal edge (all but version and
// times of record) changes nothing. `edge.version` and `edge.retired` are ignored. Numbering goes on after a
// retirement. Sees what `batch` already holds only when `reader` does. InvalidArgument on an empty id, a weight that is
// not finite and >= 0, or metadata deeper than kValueDepthMax.
Result<EdgeChange> PutEdge(const KvReader& reader, Edge edge, KvBatch& batch);

// Puts a version that has ended among those of its id, by its `version` (from 1) and `retired`. False when it is there
// already. AlreadyExists when another stands there, or the current version is not above it; otherwise as PutEdge.
Result<bool> PutEndedEdge(const KvReader& reader, Edge edge, KvBatch& batch);
// The version that has ended, by its number.
Result<std::optional<Edge>> FindEndedEdge(const KvReader& reader, std::string_view id, Version version);
// Removes it and tells whether it was there.
Result<bool> EraseEndedEdge(const KvReader& reader, std::string_view id, Version version, KvBatch& batch);

// Ends the current version at `at`; both optionals stay empty when there is none.
Result<EdgeChange> RetireEdge(const KvReader& reader, std::string_view id, Timestamp at, KvBatch& batch);

// Ends every current edge that starts at, ends at or was brought by `node`, each once, in order of ids.
Result<std::vector<EdgeChange>> RetireEdgesOf(const KvReader& reader, NodeNumber node, Timestamp at, KvBatch& batch);

// Removes every version, current or retired, that touches or was brought by `node`: no byte of it stays.
// Versions of the same id that have nothing to do with `node` stay. Returns the removed versions that were
// current, in order of ids. Holds all of them in memory, as `batch` does.
Result<std::vector<Edge>> EraseEdgesOf(const KvReader& reader, NodeNumber node, KvBatch& batch);

// Removes the current version as if it had not been written and returns it; those retired before stay.
Result<std::optional<Edge>> EraseEdge(const KvReader& reader, std::string_view id, KvBatch& batch);

// The current version.
Result<std::optional<Edge>> FindEdge(const KvReader& reader, std::string_view id);

struct EdgeQuery {
  std::optional<NodeNumber> node = {};  // none: all edges of the namespace, by id
  Direction direction = Direction::kBoth;
  std::vector<std::string> types = {};           // empty: all
  std::optional<Timestamp> as_of = {};           // none: current edges; otherwise those that held and were known then
  bool include_retired = false;                  // every version; excludes as_of
  std::function<bool(const Edge&)> accept = {};  // may be empty
  size_t limit = 100;
  std::string cursor = {};  // from the page before; empty: from the start
};

struct EdgePage {
  std::vector<Edge> edges;
  std::string next_cursor;  // empty: that was all
};

// In key order: (type, other end, id, version) at a node, (id, version) without one. A self-loop under
// kBoth comes once. A cursor stays good while edges change: later pages show what is current then, and no
// id twice unless include_retired asks for versions. InvalidArgument on a foreign cursor, a limit of 0 or
// as_of together with include_retired.
Result<EdgePage> ListEdges(const KvReader& reader, const EdgeQuery& query);

// Calls `visit` for the edges at `node` in key order until it returns false. `as_of` as in EdgeQuery.
Status VisitEdges(const KvReader& reader, NodeNumber node, Direction direction, std::optional<Timestamp> as_of,
                  const std::function<bool(const Edge&)>& visit);

// Every current edge of the namespace (an adjacency cache is built from it).
Status VisitAllEdges(const KvReader& reader, const std::function<bool(const Edge&)>& visit);

// The canonical bytes of an edge version (docs/formats.md) and their hash: what digests sum over.
std::string EncodeEdge(const Edge& edge);
Result<Edge> DecodeEdge(std::string_view bytes);
Hash128 EdgeDigest(const Edge& edge);

}  // namespace engram
