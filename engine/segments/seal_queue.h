// What waits for the sealer, each namespace once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>

#include "base/ids.h"
#include "base/mutex.h"

namespace engram {

struct SealJob {
  // By rising urgency; the most urgent one asked for is done.
  enum class Kind : uint8_t {
    kSeal,     // fresh parts have grown, or segments may be merged
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
    const auto [at, is_new] = jobs_.try_emplace({job.tenant, job.ns}, job.kind);
    if (!is_new && job.kind > at->second) at->second = job.kind;
    changed_.NotifyAll();
  }

  // Waits for a job; nothing once the queue is closed.
  std::optional<SealJob> Pop() EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    while (jobs_.empty() && !closed_) changed_.Wait(mutex_);
    return Take();
  }
  // Nothing when none waits.
  std::optional<SealJob> TryPop() EXCLUDES(mutex_) {
    const MutexLock lock(mutex_);
    return Take();
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
  std::optional<SealJob> Take() REQUIRES(mutex_) {
    if (closed_ || jobs_.empty()) return std::nullopt;
    const auto first = jobs_.begin();
    const SealJob job{first->first.first, first->first.second, first->second};
    jobs_.erase(first);
    return job;
  }

  mutable Mutex mutex_;
  CondVar changed_;
  bool closed_ GUARDED_BY(mutex_) = false;
  std::map<std::pair<TenantId, NamespaceId>, SealJob::Kind> jobs_ GUARDED_BY(mutex_);
};

}  // namespace engram
