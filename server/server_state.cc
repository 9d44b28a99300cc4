#include "server/server_state.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "server/health.h"

namespace engram {
namespace {

unsigned Cores() { return std::max(1U, std::thread::hardware_concurrency()); }

bool IsLoopback(const std::string& address) { return address == "::1" || address.starts_with("127."); }

HostRules RulesOf(const ServerOptions& options) {
  HostRules rules{options.allowed_hosts, options.allowed_origins};
  // A name that resolves to a loopback address is how a web page reaches it; other addresses are public anyway.
  if (rules.hosts.empty() && !IsLoopback(options.address)) {
    rules.hosts = {"*"};
    return rules;
  }
  for (const char* host : {"localhost", "127.0.0.1", "[::1]"}) rules.hosts.emplace_back(host);
  return rules;
}

}  // namespace

bool ConnectionCount::TryAdd(size_t max) {
  const MutexLock lock(mutex_);
  if (open_ >= max) return false;
  ++open_;
  return true;
}

void ConnectionCount::Remove() {
  const MutexLock lock(mutex_);
  if (--open_ == 0) none_.NotifyAll();
}

bool ConnectionCount::WaitForNone(std::chrono::nanoseconds timeout) {
  const auto until = std::chrono::steady_clock::now() + timeout;
  const MutexLock lock(mutex_);
  while (open_ > 0) {
    const auto left = until - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds(0)) return false;
    none_.WaitFor(mutex_, left);
  }
  return true;
}

ServerState::ServerState(ServerOptions given)
    : options(std::move(given)),
      host_rules(RulesOf(options)),
      bodies(options.limits.bodies_bytes),
      workers(options.worker_threads > 0 ? options.worker_threads : 2 * Cores(), options.limits.queued_requests) {
  AddHealthRoutes(*this, &health);
}

}  // namespace engram
