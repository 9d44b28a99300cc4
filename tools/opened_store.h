// A data folder opened by this process: the engine, the tenant everyone is, and the endpoints over both.
// `engram serve` puts it behind a port; the offline commands (`--data DIR`) call its endpoints directly.
#pragma once

#include <memory>
#include <string>

#include "base/ids.h"
#include "base/status.h"
#include "engine/engine.h"
#include "server/handlers/service.h"
#include "server/router.h"

namespace engram {

// With no keys configured everyone is this tenant.
inline constexpr const char* kDefaultTenant = "default";

// The engine goes first when it is destroyed: replies to the writes it still finishes need the service.
struct OpenedStore {
  TenantId tenant;
  std::unique_ptr<Service> service;
  std::unique_ptr<Engine> engine;
  Router router;  // calls `service`
};

// Unavailable when another process has the folder. options.engine_options says which folder.
Result<std::unique_ptr<OpenedStore>> OpenStore(const ServiceOptions& options);

}  // namespace engram
