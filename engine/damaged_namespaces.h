// Namespaces that turned out to be damaged while the store is open: a write to one met rows that can't be read or that
// contradict each other. From then on it is read-only until the process ends, so that nothing is decided by such rows;
// all others go on, and its reads do as far as their own rows are sound.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "base/ids.h"
#include "base/mutex.h"
#include "base/status.h"

namespace engram {

class DamagedNamespaces {
 public:
  // `name`: as the write had it. Logs `damage`, the first time. REQUIRES: it is a Corruption.
  void Note(TenantId tenant, const std::string& name, const Status& damage) EXCLUDES(mutex_);
  // Unavailable, with what to do, when the namespace is among them. Costs nothing while none is.
  Status Check(TenantId tenant, const std::string& name) const EXCLUDES(mutex_);
  size_t size() const { return size_; }

 private:
  // Beyond that, writes of more namespaces meet their damage again each time.
  static constexpr size_t kKeptMax = 10'000;

  std::atomic<size_t> size_ = 0;
  mutable Mutex mutex_;
  std::map<std::pair<TenantId, std::string>, std::string> why_ GUARDED_BY(mutex_);
};

}  // namespace engram
