// When to try again, and how long to wait before: exponential backoff with full jitter, never less than what the
// server asked for (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
#pragma once

#include <chrono>
#include <functional>
#include <optional>

#include "base/status.h"

namespace engram {

struct RetryOptions {
  int attempts_max = 5;  // 1: never again
  std::chrono::milliseconds first_wait{50};
  std::chrono::milliseconds longest_wait{2'000};
  // Both are the world's; tests bring their own.
  std::function<void(std::chrono::milliseconds)> sleep;  // empty: std::this_thread::sleep_for
  std::function<double()> jitter;                        // in [0, 1); empty: random
};

// Whether the same request may succeed later: the server is busy or away. A deadline that has passed stays passed.
bool WorthRetrying(const Status& status);

// How long to wait after attempt number `attempt` (from 1), which ended like this; nothing: give up. `asked` is the
// server's Retry-After, `jitter` in [0, 1). A wait that would outlast `left` is none.
std::optional<std::chrono::milliseconds> WaitBeforeRetry(const RetryOptions& options, int attempt, const Status& status,
                                                         std::optional<std::chrono::seconds> asked,
                                                         std::chrono::milliseconds left, double jitter);

}  // namespace engram
