// Hands each record of a source to the destinations that it belongs to.
//
// A memory goes where the route's fields lead. What belongs to memories follows them: an edge goes where the memories
// at its ends are, a node to every destination that has an edge of it, a run to every destination that has a memory of
// it; only what has no memory is routed by its own fields. What says itself whose it is goes to no other tenant. What
// can't be told yet waits for the end of the source.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/status.h"
#include "tools/import/destination.h"
#include "tools/import/route.h"
#include "tools/import/source.h"

namespace engram {

// Confined to one thread. Holds some 50 bytes for each memory, node and run, and at most kWaitingBytes of records that
// wait.
class RecordRouter {
 public:
  static constexpr size_t kWaitingBytes = size_t{64} << 20;
  static constexpr size_t kNamespacesMax = 10'000;  // of all tenants

  struct Delivery {
    Destination to;
    SourceRecord record;
  };
  struct Routed {
    std::vector<Delivery> deliveries;    // in the order in which they are to be written
    std::vector<SourceRecord> unplaced;  // with the reason as their `problem`
  };

  explicit RecordRouter(RecordRoute route) : route_(std::move(route)) {}

  // REQUIRES: no configuration. What has a problem of its own is unplaced.
  Routed Take(SourceRecord record);
  // What has waited, once the source is at its end.
  Routed Finish();

 private:
  using Place = uint32_t;  // index of a destination
  // Of a memory's id that several destinations have.
  static constexpr Place kSeveral = UINT32_MAX;

  // Where a record's own fields lead; nothing where they don't.
  struct OwnNames {
    std::optional<std::string> tenant;
    std::optional<std::string> space;
  };
  struct Waiting {
    SourceRecord record;
    OwnNames own;
  };
  struct Thing {
    std::vector<Place> claims;  // destinations that refer to it, each once
    std::vector<Waiting> waiting;
  };

  Result<OwnNames> NamesOf(const RecordItem& item) const;
  OwnNames WithFallback(OwnNames own) const;
  // Whether what says this of itself may go there.
  bool Fits(const OwnNames& own, Place place) const;
  // Nothing where a name is missing.
  Result<std::optional<Place>> PlaceOf(const OwnNames& names);
  Result<std::optional<Place>> PlaceOfEdge(const v1::Edge& edge, const OwnNames& own);
  Status RouteMemory(SourceRecord* record, const v1::Memory& memory, Routed* out);
  Status RouteEdge(SourceRecord* record, bool last, Routed* out);
  Status RouteThing(SourceRecord* record, const std::string& key, Routed* out);
  // The destination refers to the node or the run: what has waited for that goes there.
  void Claim(const std::string& key, Place place, Routed* out);
  // Takes room for a record that waits.
  Status Reserve(const SourceRecord& record);
  void Deliver(Place place, SourceRecord record, Routed* out) const;
  Status NoPlace(const OwnNames& names, const RecordItem& item) const;

  const RecordRoute route_;
  std::vector<Destination> destinations_;
  std::unordered_map<std::string, Place> places_;  // by Destination::Text
  std::unordered_map<uint64_t, Place> homes_;      // of memories, by their ids' hashes
  std::unordered_map<uint64_t, Thing> things_;     // nodes and runs, by their keys' hashes
  std::vector<SourceRecord> edges_;                // that wait
  size_t waiting_bytes_ = 0;
};

}  // namespace engram
