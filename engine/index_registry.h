// The loaded indexes of all namespaces, within one memory budget.
//
// An idle namespace costs nothing: its rows are its index, read by one scan on first touch and dropped again,
// least recently used first. Loading is single-flight: register as loading, take a snapshot, scan it, apply the
// publications that came meanwhile and lie after it. A write to a namespace that isn't loaded loads nothing; one that
// is written at length gets loaded beside, to be sealed.
//
// Thread-safe. Publish is called by the committer alone, in log order, after the commit and before the reply.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/ids.h"
#include "base/status.h"
#include "engine/publication.h"
#include "engine/segments/seal_limits.h"
#include "engine/store.h"

namespace engram {

class LogClock;
class NamespaceIndex;
class SealQueue;
class SegmentFolder;

// What an index needs to have segments; without it every index is made of rows alone.
struct RegistrySegments {
  const SegmentFolder* folder = nullptr;
  SealQueue* queue = nullptr;  // told of namespaces that have grown
  LogClock* log_clock = nullptr;
  SealLimits limits;
  // Seals what an index that is being loaded has so far, so that a load needs no more memory than its end.
  std::function<Status(TenantId, NamespaceId, NamespaceIndex*)> seal_loading;
};

class IndexRegistry {
 public:
  IndexRegistry(const Store& store, uint64_t memory_bytes_max, const RegistrySegments& segments = {});
  ~IndexRegistry();
  IndexRegistry(const IndexRegistry&) = delete;
  IndexRegistry& operator=(const IndexRegistry&) = delete;

  // The namespace's index, loaded if need be; complete up to every reply given before the call. It counts
  // against the budget as long as somebody holds it, also after eviction: Unavailable when even evicting
  // everything idle leaves no room.
  Result<std::shared_ptr<NamespaceIndex>> Acquire(TenantId tenant, NamespaceId ns);
  // The same for who doesn't read: an index that nobody has read gets no graph.
  Result<std::shared_ptr<NamespaceIndex>> Load(TenantId tenant, NamespaceId ns);
  // Only if it is loaded; does not count as a use.
  std::shared_ptr<NamespaceIndex> Peek(TenantId tenant, NamespaceId ns) const;

  // All that are loaded.
  std::vector<std::pair<TenantId, NamespaceId>> Loaded() const;

  void Publish(const Publication& publication);
  // Unloads the index if it is this one: it isn't given out again.
  void Forget(TenantId tenant, NamespaceId ns, const NamespaceIndex* index);
  // Has the sealer do without the namespace's segments, and logs why.
  void DiscardSegments(TenantId tenant, NamespaceId ns, const Status& damage);
  // False: CheckBacklog is OK for every namespace. Costs nothing to ask.
  bool any_behind() const;
  // RateLimited while the namespace holds so much in memory that is not sealed yet that writers have to wait.
  Status CheckBacklog(TenantId tenant, NamespaceId ns);

  // The store as it is now: rows that an index newer than a reader's snapshot speaks of.
  std::shared_ptr<const KvReader> Snapshot() const;

  struct Usage {
    uint64_t namespaces = 0;
    uint64_t bytes = 0;
    uint64_t loads = 0;
    uint64_t evictions = 0;
    uint64_t behind = 0;  // namespaces whose writers wait for the sealer
  };
  Usage usage() const;

 private:
  class Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace engram
