// What waits for the sealer, each namespace once, first come first served.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "base/ids.h"
#include "base/mutex.h"

namespace engram {

struct SealJob {
  // By rising urgency; the most urgent one asked for is done.
  enum class Kind : uint8_t {
    kMerge,    // segments may be too many or too dead, or vectors without a graph
    kRest,     // nothing was written for a while: what is left is worth a segment and a graph sooner
    kSeal,     // the index has grown
    kLoad,     // so have the rows of a namespace that isn't loaded
    kErased,   // segments may hold what was erased
    kDiscard,  // a segment turned out to be damaged: do without, and unload the index that has it
    kDrop,     // the namespace is gone: remove its files
  };
  TenantId tenant;
  NamespaceId ns;
  Kind kind = Kind::kSeal;
};

// Thread-safe.
class SealQueue {
 public:
  void Push(const SealJob& job) EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    const auto [at, is_new] = kinds_.try_emplace({job.tenant, job.ns}, job.kind);
    if (is_new) order_.push_back(at->first);
    if (!is_new && job.kind > at->second) at->second = job.kind;
    changed_.NotifyOne();
  }

  // Waits for a job; nothing once the queue is closed. The one popped before is done. For one thread.
  std::optional<SealJob> Pop() EXCLUDES(mutex_) { return PopWithin(std::chrono::nanoseconds::max()); }
  // The same; nothing, too, when none came in time.
  std::optional<SealJob> PopWithin(std::chrono::nanoseconds time) EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    working_ = false;
    while (order_.empty() && !closed_) {
      if (time == std::chrono::nanoseconds::max()) {
        changed_.Wait(mutex_);
      } else if (!changed_.WaitFor(mutex_, time)) {
        break;
      }
    }
    if (closed_ || order_.empty()) return std::nullopt;
    const auto at = kinds_.find(order_.front());
    order_.pop_front();
    const SealJob job{at->first.first, at->first.second, at->second};
    kinds_.erase(at);
    working_ = true;
    return job;
  }

  // Jobs that wait, and the one that was popped last until the next is asked for.
  size_t pending() const EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return order_.size() + (working_ ? 1 : 0);
  }

  bool closed() const EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return closed_;
  }
  void Close() EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    closed_ = true;
    changed_.NotifyAll();
  }

 private:
  using Namespace = std::pair<TenantId, NamespaceId>;

  mutable Mutex mutex_;
  CondVar changed_;
  bool closed_ GUARDED_BY(mutex_) = false;
  bool working_ GUARDED_BY(mutex_) = false;
  std::deque<Namespace> order_ GUARDED_BY(mutex_);
  std::map<Namespace, SealJob::Kind> kinds_ GUARDED_BY(mutex_);
};

}  // namespace engram
