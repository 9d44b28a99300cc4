// What goes on by itself: ending what is due, sweeping dropped namespaces, renewing TTLs that reads refreshed; every
// ten minutes, taking the bytes of what was erased out of files. Everything it changes goes through the committer as
// buffered mutations.
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "engine/committer.h"
#include "engine/erasure_sweep.h"
#include "engine/log_clock.h"
#include "engine/store.h"

namespace engram {

// Thread-safe.
class Background {
 public:
  // With an interval of 0 nothing runs but through SweepNow().
  Background(Store* store, Committer* committer, LogClock* log_clock, ErasureSweep* erasures,
             std::chrono::milliseconds interval);
  ~Background();

  // A memory that refreshes its TTL on read was read. Coalesced until the next sweep; beyond 100,000 waiting ids
  // further ones are dropped (their TTL renews at the next read).
  void NoteRead(TenantId tenant, NamespaceId ns, const std::string& id);

  // Runs until nothing is due; waits for the commits.
  Status SweepNow();

 private:
  struct Namespace {
    TenantId tenant;
    NamespaceId ns;
    auto operator<=>(const Namespace&) const = default;
  };

  void Run();
  // What is due, but for compactions.
  Status SweepRows();
  Status SweepExpiredRows();
  Status SweepDroppedNamespaces();
  Result<std::vector<Namespace>> FindDropped() const;
  Status DropNamespacesOf(TenantId tenant);
  Status SweepDroppedRows(const Namespace& where);
  Status FlushReads();
  Status CommitTouches(const Namespace& where, std::vector<Operation> touches);
  // Commits background work on one namespace and waits.
  MutationResult Commit(const Namespace& where, std::vector<Operation> operations);

  Store* store_;
  Committer* committer_;
  LogClock* log_clock_;
  ErasureSweep* erasures_;
  const std::chrono::milliseconds interval_;

  Mutex sweep_mutex_;  // one sweep at a time
  Mutex mutex_;
  CondVar stop_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::map<Namespace, std::unordered_map<std::string, uint64_t>> reads_ GUARDED_BY(mutex_);
  size_t waiting_reads_ GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

}  // namespace engram
