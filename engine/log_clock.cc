#include "engine/log_clock.h"

#include <algorithm>

namespace engram {

LogClock::LogClock(const Clock& clock, Timestamp last)
    : clock_(clock), now_(std::max(clock.Now(), last)), monotonic_(clock.Monotonic()) {}

Timestamp LogClock::Now() {
  const MutexLock lock(mutex_);
  const auto monotonic = clock_.Monotonic();
  const int64_t elapsed = std::max<int64_t>(0, (monotonic - monotonic_).count() / 1000);
  // Keep what a microsecond's rounding left out.
  monotonic_ += std::chrono::microseconds(elapsed);
  const int64_t steady = now_.micros + elapsed;
  const int64_t slack = elapsed / 10;
  now_.micros = std::clamp(clock_.Now().micros, steady - slack, steady + slack);
  return now_;
}

}  // namespace engram
