// The time that enters the log: the wall clock, held against the monotonic one so that a jump of the wall clock
// can't expire everything, and never decreasing.
#pragma once

#include "base/clock.h"
#include "base/mutex.h"

namespace engram {

// Thread-safe.
class LogClock {
 public:
  // `last` is the log time of the last commit. Starts at the wall clock, or at `last` when that is later.
  LogClock(const Clock& clock, Timestamp last);

  // Never before a time given earlier. When the wall clock and the monotonic one disagree, follows the monotonic
  // one and makes up for the difference at a tenth of its speed, so that honest corrections still arrive.
  Timestamp Now();

 private:
  const Clock& clock_;
  Mutex mutex_;
  Timestamp now_ GUARDED_BY(mutex_);
  std::chrono::nanoseconds monotonic_ GUARDED_BY(mutex_);
};

}  // namespace engram
