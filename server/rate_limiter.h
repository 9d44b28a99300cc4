// How fast each tenant may go: token buckets over requests and over the time of workers, shared by all its keys.
//
// A bucket fills at its rate up to a second's worth of requests (at least one) or ten seconds' worth of workers' time.
// A request takes one token before it runs. Time is taken when it is known, so a bucket may go below zero: then the
// tenant waits until it is filled again. Tenants without limits have no bucket. Thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "base/ids.h"
#include "base/mutex.h"
#include "base/status.h"
#include "server/credential.h"

namespace engram {

class RateLimiter {
 public:
  // Takes a token for a request that comes at `now` (of a monotonic clock). RateLimited, with the whole seconds until
  // there is one, when there is none.
  Status Admit(const Credential& credential, std::chrono::nanoseconds now) EXCLUDES(mutex_);
  // What a request took of the workers' processor time, of which its tenant may take `worker_ms_per_second`.
  void Charge(TenantId tenant, double worker_ms_per_second, std::chrono::nanoseconds took, std::chrono::nanoseconds now)
      EXCLUDES(mutex_);

 private:
  struct Bucket {
    double tokens = 0;
    std::chrono::nanoseconds filled_at{0};
    bool used = false;
  };
  struct Buckets {
    Bucket requests;
    Bucket worker_ms;
  };
  static void Fill(double rate, double capacity, std::chrono::nanoseconds now, Bucket* bucket);

  Mutex mutex_;
  std::unordered_map<TenantId, Buckets> tenants_ GUARDED_BY(mutex_);
};

}  // namespace engram
