// Writes a MemorySet into a server over several connections at once, and looks whether what it wrote can be found.
#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "bench/retrieval/measured_server.h"
#include "bench/retrieval/memories.h"

namespace engram::bench {

struct LoadOptions {
  size_t connections = 4;
  size_t batch = 200;
  // After every such batch of a connection, a marked memory of it is searched for at once by its mark and by its
  // vector, from another connection; 0: never.
  size_t check_every = 10;
};

// Run() and Stop() may come from different threads; the figures may be read by any.
class Loader {
 public:
  // All must outlive it.
  Loader(const MeasuredServer& server, const MemorySet& set, const LoadOptions& options);

  // Writes rows [begin, end) with buffered durability. A 429 is waited out as Retry-After says and tried again; any
  // other error ends the run, as Stop() does, and is returned.
  Status Run(size_t begin, size_t end);
  void Stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }

  uint64_t acknowledged() const { return acknowledged_; }
  uint64_t throttled() const { return throttled_; }  // replies 429
  uint64_t checks() const { return checks_; }
  uint64_t missed_marks() const { return missed_marks_; }
  uint64_t missed_vectors() const { return missed_vectors_; }
  // Of every batch that was acknowledged, its last attempt alone.
  std::vector<double> batch_ms() const EXCLUDES(mutex_);
  bool IsAcknowledged(size_t row) const EXCLUDES(mutex_);

 private:
  Status WriteBatch(size_t begin, size_t end);
  Status Check(size_t row);

  const MemorySet& set_;
  const LoadOptions options_;
  const std::unique_ptr<Client> writer_;
  const std::unique_ptr<Client> checker_;
  std::atomic<bool> stopped_ = false;
  std::atomic<uint64_t> acknowledged_ = 0;
  std::atomic<uint64_t> throttled_ = 0;
  std::atomic<uint64_t> checks_ = 0;
  std::atomic<uint64_t> missed_marks_ = 0;
  std::atomic<uint64_t> missed_vectors_ = 0;
  mutable Mutex mutex_;
  std::vector<double> batch_ms_ GUARDED_BY(mutex_);
  std::vector<bool> written_ GUARDED_BY(mutex_);
};

}  // namespace engram::bench
