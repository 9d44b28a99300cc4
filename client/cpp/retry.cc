#include "client/cpp/retry.h"

#include <algorithm>
#include <cmath>

namespace engram {

bool WorthRetrying(const Status& status) {
  return status.code() == StatusCode::kRateLimited || status.code() == StatusCode::kUnavailable;
}

std::optional<std::chrono::milliseconds> WaitBeforeRetry(const RetryOptions& options, int attempt, const Status& status,
                                                         std::optional<std::chrono::seconds> asked,
                                                         std::chrono::milliseconds left, double jitter) {
  using std::chrono::milliseconds;
  if (attempt >= options.attempts_max || !WorthRetrying(status)) return std::nullopt;
  const double ceiling = std::min(static_cast<double>(options.longest_wait.count()),
                                  static_cast<double>(options.first_wait.count()) * std::exp2(attempt - 1));
  // On top of what the server asks: clients that were sent away together must not come back together.
  const milliseconds wait = asked.value_or(std::chrono::seconds(0)) + milliseconds(std::llround(ceiling * jitter));
  if (wait >= left) return std::nullopt;
  return wait;
}

}  // namespace engram
