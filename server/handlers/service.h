// What every handler stands on. Made before the routes are opened; outlives the server's sessions. Thread-safe.
#pragma once

#include <atomic>
#include <functional>
#include <string>

#include "base/clock.h"
#include "base/timestamp.h"
#include "engine/engine.h"
#include "server/key_vault.h"
#include "server/limits.h"
#include "server/request_limits.h"
#include "server/uuid.h"

namespace engram {

class BackupJobs;
class VerifyJobs;

struct ServiceOptions {
  std::string version;  // of this program
  RequestLimits limits;
  // As the server and the engine were started with: shown by /v1/status.
  ServerLimits server_limits;
  EngineOptions engine_options;
  const Clock* clock = &Clock::Real();
};

struct Service {
  Service(Engine& engine_used, ServiceOptions options_used)
      : engine(engine_used),
        options(std::move(options_used)),
        vault(options.engine_options.data_dir),
        uuids(*options.clock),
        started_at(options.clock->Now()) {}

  const RequestLimits& limits() const { return options.limits; }

  // When the server stops: it tells so, and reads no longer wait.
  void StartDraining() {
    draining = true;
    engine.EndWaits();
  }

  Engine& engine;
  const ServiceOptions options;
  KeyVault vault;
  UuidSource uuids;
  const Timestamp started_at;
  std::atomic<bool> draining{false};
  BackupJobs* backups = nullptr;  // null: the operator chose no folder for them. Set before the routes are opened
  VerifyJobs* verify = nullptr;   // null: no server, but a command's own store. Likewise
};

}  // namespace engram
