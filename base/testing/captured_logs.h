// Takes the log lines of a test away from stderr for as long as it lives. One at a time.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"
#include "base/mutex.h"

namespace engram {

// Thread-safe.
class CapturedLogs {
 public:
  CapturedLogs();
  ~CapturedLogs();
  CapturedLogs(const CapturedLogs&) = delete;
  CapturedLogs& operator=(const CapturedLogs&) = delete;

  // Without newlines, in the order in which they were written.
  std::vector<std::string> lines() const;

 private:
  mutable Mutex mutex_;
  std::vector<std::string> lines_ GUARDED_BY(mutex_);
};

}  // namespace engram
