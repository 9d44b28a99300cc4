// What every connection of one server shares. Private to server/.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>

#include "base/mutex.h"
#include "server/audit_log.h"
#include "server/body_budget.h"
#include "server/brief_calls.h"
#include "server/credential.h"
#include "server/metrics.h"
#include "server/rate_limiter.h"
#include "server/request_guard.h"
#include "server/router.h"
#include "server/server.h"
#include "server/tls_contexts.h"
#include "server/worker_pool.h"

namespace engram {

// How many connections are open; Stop() waits for none. Thread-safe.
class ConnectionCount {
 public:
  // False when `max` are open already.
  bool TryAdd(size_t max) EXCLUDES(mutex_);
  void Remove() EXCLUDES(mutex_);
  // False when some were still open after `timeout`.
  bool WaitForNone(std::chrono::nanoseconds timeout) EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  CondVar none_;
  size_t open_ GUARDED_BY(mutex_) = 0;
};

// Outlives every session and every late reply: both hold it.
struct ServerState {
  explicit ServerState(ServerOptions given);

  struct Open {
    Router router;
    std::shared_ptr<const Authenticator> authenticator;
    AuditLog* audit;  // null: nothing is written down
  };

  const ServerOptions options;
  const HostRules host_rules;
  Metrics metrics;
  ConnectionCount connections;
  BodyBudget bodies;
  RateLimiter rates;
  BriefCalls brief_calls;
  std::unique_ptr<TlsContexts> tls;    // null: connections are plain. Written before the first one comes
  Router health;                       // answered without a credential, also before Open
  std::unique_ptr<const Open> opened;  // written once, before `open` points to it
  std::atomic<const Open*> open{nullptr};
  std::atomic<bool> draining{false};    // no further requests on a connection
  std::atomic<bool> abandoning{false};  // queued requests are refused instead of run
  WorkerPool workers;
};

}  // namespace engram
