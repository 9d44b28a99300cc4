// The loaded indexes of all namespaces, within one memory budget.
//
// An idle namespace costs nothing: its rows are its index, read by one scan on first touch and dropped again,
// least recently used first. Loading is single-flight: register as loading, take a snapshot, scan it, apply the
// publications that came meanwhile and lie after it. A write to a namespace that isn't loaded loads nothing.
//
// Thread-safe. Publish is called by the committer alone, in log order, after the commit and before the reply.
#pragma once

#include <cstdint>
#include <memory>

#include "base/ids.h"
#include "base/status.h"
#include "engine/publication.h"
#include "engine/store.h"

namespace engram {

class NamespaceIndex;

class IndexRegistry {
 public:
  IndexRegistry(const Store& store, uint64_t memory_bytes_max);
  ~IndexRegistry();
  IndexRegistry(const IndexRegistry&) = delete;
  IndexRegistry& operator=(const IndexRegistry&) = delete;

  // The namespace's index, loaded if need be; complete up to every reply given before the call. It counts
  // against the budget as long as somebody holds it, also after eviction: Unavailable when even evicting
  // everything idle leaves no room.
  Result<std::shared_ptr<NamespaceIndex>> Acquire(TenantId tenant, NamespaceId ns);
  // Only if it is loaded; does not count as a use.
  std::shared_ptr<NamespaceIndex> Peek(TenantId tenant, NamespaceId ns) const;

  void Publish(const Publication& publication);

  // The store as it is now: rows that an index newer than a reader's snapshot speaks of.
  std::shared_ptr<const KvReader> Snapshot() const;

  struct Usage {
    uint64_t namespaces = 0;
    uint64_t bytes = 0;
    uint64_t loads = 0;
    uint64_t evictions = 0;
  };
  Usage usage() const;

 private:
  class Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace engram
