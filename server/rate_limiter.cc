#include "server/rate_limiter.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace engram {
namespace {

constexpr double kWorkerSeconds = 10;  // what may be saved up

double RequestCapacity(double rate) { return std::max(1.0, rate); }

double SecondsOf(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

// `missing` of what comes at `rate` a second.
Status TooFast(const std::string& message, const char* limit, double rate, double missing) {
  const double seconds = rate > 0 ? missing / rate : 3600;
  return RateLimited(message)
      .With("limit", limit)
      .With("per_second", fmt::format("{}", rate))
      .RetryAfter(static_cast<uint32_t>(std::clamp(std::ceil(seconds), 1.0, 3600.0)));
}

}  // namespace

void RateLimiter::Fill(double rate, double capacity, std::chrono::nanoseconds now, Bucket* bucket) {
  if (!bucket->used) {
    *bucket = {capacity, now, true};
    return;
  }
  bucket->tokens = std::min(capacity, bucket->tokens + rate * SecondsOf(now - bucket->filled_at));
  bucket->filled_at = now;
}

Status RateLimiter::Admit(const Credential& credential, std::chrono::nanoseconds now) {
  if (!credential.requests_per_second && !credential.worker_ms_per_second) return {};
  const MutexLock lock(mutex_);
  Buckets& buckets = tenants_[credential.tenant];
  if (const auto rate = credential.worker_ms_per_second) {
    Bucket& bucket = buckets.worker_ms;
    Fill(*rate, *rate * kWorkerSeconds, now, &bucket);
    if (bucket.tokens < 0) {
      return TooFast("the tenant has used up its share of the workers", "worker_ms_per_second", *rate, -bucket.tokens);
    }
  }
  if (const auto rate = credential.requests_per_second) {
    Bucket& bucket = buckets.requests;
    Fill(*rate, RequestCapacity(*rate), now, &bucket);
    if (bucket.tokens < 1) {
      return TooFast("the tenant sends more requests than it may", "requests_per_second", *rate, 1 - bucket.tokens);
    }
    bucket.tokens -= 1;
  }
  return {};
}

void RateLimiter::Charge(TenantId tenant, double worker_ms_per_second, std::chrono::nanoseconds took,
                         std::chrono::nanoseconds now) {
  const MutexLock lock(mutex_);
  Bucket& bucket = tenants_[tenant].worker_ms;
  Fill(worker_ms_per_second, worker_ms_per_second * kWorkerSeconds, now, &bucket);
  bucket.tokens -= 1000 * SecondsOf(took);
}

}  // namespace engram
