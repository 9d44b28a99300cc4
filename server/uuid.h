// Ids for memories that come without one: UUID version 7 (RFC 9562), so that later ids sort later.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"

namespace engram {

// Thread-safe. Ids of one source strictly increase, also within a millisecond and when the clock jumps back:
// the milliseconds never decrease, and the 74 random bits are counted up by a random step while they stand still.
class UuidSource {
 public:
  explicit UuidSource(const Clock& clock) : clock_(clock) {}

  // 36 lower-case characters.
  std::string Next();

 private:
  const Clock& clock_;
  Mutex mutex_;
  uint64_t millis_ GUARDED_BY(mutex_) = 0;
  uint32_t high_ GUARDED_BY(mutex_) = 0;  // 12 bits
  uint64_t low_ GUARDED_BY(mutex_) = 0;   // 62 bits
};

}  // namespace engram
