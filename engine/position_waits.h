// Reads that wait until their namespace has reached a position, without a thread each: one thread looks at all of
// them after every commit and at their deadlines. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/mutex.h"
#include "base/status.h"
#include "engine/committer.h"
#include "engine/store.h"

namespace engram {

// No namespace gets this far within any wait (a second of writes is some thousands): a position further ahead was
// not given out by this store, and there is nothing to wait for.
constexpr uint64_t kPositionAheadMax = uint64_t{1} << 20;

class PositionWaits {
 public:
  // Waits for at most `waits_max` reads at once.
  PositionWaits(const Store& store, Committer* committer, const Clock& clock, uint32_t waits_max);
  ~PositionWaits();  // End()s
  PositionWaits(const PositionWaits&) = delete;
  PositionWaits& operator=(const PositionWaits&) = delete;

  // Calls `done` once, from this thread or from its own; `done` must not block. OK when the namespace has reached the
  // position (or is gone, which the read will find out); DeadlineExceeded at "min_position" when it has not by
  // `deadline` on clock.Monotonic() or can't; RateLimited when too many wait; Unavailable after End().
  void Await(TenantId tenant, NamespaceId ns, Position position, std::chrono::nanoseconds deadline,
             std::function<void(Status)> done) EXCLUDES(mutex_);

  // Ends all waits, those to come too.
  void End() EXCLUDES(mutex_);

 private:
  struct Wait {
    TenantId tenant;
    NamespaceId ns;
    Position position;
    std::chrono::nanoseconds deadline;
    std::function<void(Status)> done;
  };

  void Run() EXCLUDES(mutex_);
  // How long nothing is due; false when ended. Sleeps as long as nobody waits.
  bool NextLook(std::chrono::nanoseconds* until) EXCLUDES(mutex_);
  void Settle() EXCLUDES(mutex_);

  const Store& store_;
  Committer* const committer_;
  const Clock& clock_;
  const uint32_t waits_max_;

  Mutex mutex_;
  CondVar changed_;
  std::vector<Wait> waits_ GUARDED_BY(mutex_);
  bool ended_ GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace engram
