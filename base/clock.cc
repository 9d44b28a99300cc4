#include "base/clock.h"

namespace engram {
namespace {

class RealClock final : public Clock {
 public:
  Timestamp Now() const override {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::microseconds>(now).count()};
  }
  std::chrono::nanoseconds Monotonic() const override { return std::chrono::steady_clock::now().time_since_epoch(); }
};

}  // namespace

const Clock& Clock::Real() {
  static const RealClock clock;
  return clock;
}

void ManualClock::Advance(std::chrono::microseconds by) {
  now_micros_ += by.count();
  monotonic_nanos_ += std::chrono::nanoseconds(by).count();
}

}  // namespace engram
