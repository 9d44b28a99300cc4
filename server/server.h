// The HTTP server: listens, guards, routes, replies, drains.
//
// Start() listens at once and answers /healthz and /readyz; everything else is 503 until Open() gives it the
// routes (/metrics comes with them), so that a long opening of the engine is visible from outside. Thread-safe.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "server/credential.h"
#include "server/limits.h"
#include "server/router.h"

namespace engram {

class AuditLog;

// A number shown at /metrics, read anew for each scrape.
struct Gauge {
  std::string name;  // "engram_namespaces_loaded"
  std::string help;
  double value = 0;
  std::vector<std::pair<std::string, std::string>> labels;
};

// PEM files. All empty: no TLS.
struct TlsFiles {
  std::string certificate;  // with the chain up to, without, its root
  std::string key;          // of the certificate, unencrypted; others may not read it
  std::string client_ca;    // not empty: clients must show a certificate that one of these has signed
};

struct ServerOptions {
  std::string address = "127.0.0.1";  // an IP address
  uint16_t port = 7700;               // 0: any free one, see Server::port()
  TlsFiles tls;
  // An address other than loopback without TLS: only behind a proxy or in a container.
  bool insecure_listen = false;
  std::vector<std::string> allowed_hosts;    // beside localhost, 127.0.0.1 and [::1]; "*" for any
  std::vector<std::string> allowed_origins;  // browsers' Origin headers that may call us, beside our own hosts'
  unsigned io_threads = 0;                   // 0: one per core
  unsigned worker_threads = 0;               // 0: two per core, for they also wait on disks
  ServerLimits limits;
  bool access_log = true;
  const Clock* clock = &Clock::Real();
  std::function<std::vector<Gauge>()> gauges;  // may be empty; called from a worker thread
  // May be empty; called by Stop(), once each: when it begins to drain, and when what is left is cut off. Handlers
  // that wait, or compute at length, are to come to an end.
  std::function<void()> on_drain;
  std::function<void()> on_cut_off;
};

class Server {
 public:
  // InvalidArgument for an address that needs TLS or insecure_listen, or TLS files that can't be used; Unavailable when
  // the port is taken.
  static Result<std::unique_ptr<Server>> Start(ServerOptions options);
  // Stop()s.
  virtual ~Server() = default;

  // Serves these routes from now on. Called once. `authenticator` is shared by all sessions, as is `audit`, which
  // outlives them; null: nothing is written down.
  virtual void Open(Router router, std::shared_ptr<const Authenticator> authenticator, AuditLog* audit = nullptr) = 0;

  virtual uint16_t port() const = 0;

  // Looks at the TLS files now, where it would within a second. What can't be used changes nothing.
  virtual void ReloadTls() = 0;

  // Stops accepting, lets requests in flight finish (with Connection: close) for at most limits.drain, then
  // closes what is left and joins all threads. Returns when done; further calls return at once.
  // Handlers' replies that come later are dropped safely.
  virtual void Stop() = 0;
};

}  // namespace engram
