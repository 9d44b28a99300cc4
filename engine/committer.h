// The one thread that changes the store: groups waiting mutations, decides them in order, commits the group in one
// write, tells the indexes and the table of tenants, then replies.
//
// A write waits for the group before it to reach the disk and shares the next one's sync with all that came
// meanwhile (group commit). Thread-safe.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "engine/apply.h"
#include "engine/engine.h"
#include "engine/index_registry.h"
#include "engine/known_namespaces.h"
#include "engine/log_clock.h"
#include "engine/store.h"
#include "engine/tenant_table.h"

namespace engram {

struct CommitterOptions {
  ApplyOptions apply;
  uint32_t queue_mutations_max = 4096;
  uint64_t queue_bytes_max = uint64_t{256} << 20;
  uint32_t group_mutations_max = 256;
};

class Committer {
 public:
  // Does not start its thread before the first Start().
  Committer(Store* store, IndexRegistry* registry, KnownNamespaces* known, TenantTable* tenants, LogClock* log_clock,
            const CommitterOptions& options);
  // Refuses what comes, finishes what was accepted.
  ~Committer();

  void Start();

  // `done` is called once, on the committer's thread, or at once with RateLimited (queue full) or Unavailable
  // (stopping).
  void Submit(Mutation mutation, Durability durability, std::function<void(MutationResult)> done);

  uint64_t queued() const;

  // Waits for any commit after `seen`, the number of commits so far, until the deadline on `clock`. Returns the
  // number then.
  uint64_t AwaitCommit(uint64_t seen, std::chrono::nanoseconds timeout);
  uint64_t commits() const;

 private:
  struct Write {
    Mutation mutation;
    Durability durability = Durability::kSync;
    std::function<void(MutationResult)> done;
    uint64_t bytes = 0;
  };

  void Run();
  std::vector<Write> NextGroup();
  void CommitGroup(std::vector<Write> group);
  void Publish(const Publication& publication);
  // Not OK when the queue takes nothing more: then `write` is left as it was.
  Status Enqueue(Write& write);

  Store* store_;
  IndexRegistry* registry_;
  KnownNamespaces* known_;
  TenantTable* tenants_;
  LogClock* log_clock_;
  const CommitterOptions options_;
  NamespaceCache cache_;  // of the committer's thread

  mutable Mutex mutex_;
  CondVar work_;
  CondVar committed_;
  std::deque<Write> queue_ GUARDED_BY(mutex_);
  uint64_t queued_bytes_ GUARDED_BY(mutex_) = 0;
  bool stopping_ GUARDED_BY(mutex_) = false;
  uint64_t commits_ GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

}  // namespace engram
