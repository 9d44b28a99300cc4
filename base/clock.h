// Time, passed in: nothing below main() asks the operating system for it.
#pragma once

#include <atomic>
#include <chrono>

#include "base/timestamp.h"

namespace engram {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Wall clock; may jump.
  virtual Timestamp Now() const = 0;
  // Never goes back; for durations and deadlines.
  virtual std::chrono::nanoseconds Monotonic() const = 0;

  static const Clock& Real();
};

// Stands still until told otherwise.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Timestamp start) : now_micros_(start.micros) {}
  Timestamp Now() const override { return {now_micros_.load()}; }
  std::chrono::nanoseconds Monotonic() const override { return std::chrono::nanoseconds(monotonic_nanos_.load()); }

  // Both clocks go on, as in life.
  void Advance(std::chrono::microseconds by);
  // The wall clock alone jumps, as after a bad NTP reply.
  void JumpTo(Timestamp now) { now_micros_ = now.micros; }

 private:
  std::atomic<int64_t> now_micros_;
  std::atomic<int64_t> monotonic_nanos_{0};
};

}  // namespace engram
