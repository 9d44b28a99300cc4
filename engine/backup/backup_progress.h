// How far a backup is, and whether it is wanted any more. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/status.h"

namespace engram {

struct BackupProgress {
  std::atomic<uint64_t> bytes_total = 0;
  std::atomic<uint64_t> bytes_done = 0;
  std::atomic<bool> cancelled = false;

  Status Check() const { return cancelled ? Unavailable("the backup was cancelled") : Status(); }
};

}  // namespace engram
