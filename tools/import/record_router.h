// Hands each record of a source to the namespaces that it belongs to.
//
// A memory goes where the route's field leads. What belongs to memories follows them: an edge goes to the namespace of
// the memories at its ends, a node to every namespace that has an edge of it, a run to every namespace that has a
// memory of it; only what has no memory is routed by its own field. What can't be told yet waits for the end of the
// source.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/status.h"
#include "tools/import/route.h"
#include "tools/import/source.h"

namespace engram {

// Confined to one thread. Holds some 50 bytes for each memory, node and run, and at most kWaitingBytes of records that
// wait.
class RecordRouter {
 public:
  static constexpr size_t kWaitingBytes = size_t{64} << 20;
  static constexpr size_t kNamespacesMax = 10'000;

  struct Delivery {
    std::string namespace_name;
    SourceRecord record;
  };
  struct Routed {
    std::vector<Delivery> deliveries;    // in the order in which they are to be written
    std::vector<SourceRecord> unplaced;  // with the reason as their `problem`
  };

  explicit RecordRouter(NamespaceRoute route) : route_(std::move(route)) {}

  // REQUIRES: no configuration. What has a problem of its own is unplaced.
  Routed Route(SourceRecord record);
  // What has waited, once the source is at its end.
  Routed Finish();

 private:
  using Place = uint32_t;  // index of a namespace's name
  struct Thing {
    std::vector<Place> claims;  // namespaces that refer to it, each once
    std::vector<SourceRecord> waiting;
  };

  Result<Place> PlaceOf(const std::string& name);
  // By the record's own field, the fallback aside.
  Result<std::optional<Place>> OwnPlace(const RecordItem& item);
  Result<std::optional<Place>> Fallback();
  Status RouteMemory(SourceRecord* record, const v1::Memory& memory, Routed* out);
  Status RouteEdge(SourceRecord* record, bool last, Routed* out);
  Status RouteThing(SourceRecord* record, const std::string& key, Routed* out);
  Result<std::optional<Place>> PlaceOfEdge(const v1::Edge& edge, const RecordItem& item);
  // The namespace refers to the node or the run: what has waited for that goes there.
  void Claim(const std::string& key, Place place, Routed* out);
  Status Wait(SourceRecord* record, std::vector<SourceRecord>* where);
  void Deliver(Place place, SourceRecord record, Routed* out) const;
  static Status NoPlace(const NamespaceRoute& route, const RecordItem& item);

  const NamespaceRoute route_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, Place> places_;
  std::unordered_map<uint64_t, Place> homes_;   // of memories, by their ids' hashes
  std::unordered_map<uint64_t, Thing> things_;  // nodes and runs, by their keys' hashes
  std::vector<SourceRecord> edges_;             // that wait
  size_t waiting_bytes_ = 0;
};

}  // namespace engram
