// A data folder opened by this process: the engine, the tenant everyone is, and the endpoints over both.
// `engram serve` puts it behind a port; the offline commands (`--data DIR`) call its endpoints directly.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/ids.h"
#include "base/status.h"
#include "engine/engine.h"
#include "server/audit_log.h"
#include "server/credential.h"
#include "server/handlers/service.h"
#include "server/jwt_config.h"
#include "server/router.h"

namespace engram {

// With no keys configured everyone is this tenant. Made with the store; dropped, it stays dropped until somebody makes
// one of this name again.
inline constexpr const char* kDefaultTenant = "default";

// The engine goes first when it is destroyed: replies to the writes it still finishes need the service.
struct OpenedStore {
  std::optional<TenantId> tenant;  // nothing: it was dropped, and nobody has made it again
  std::unique_ptr<AuditLog> audit;
  std::unique_ptr<Service> service;
  std::unique_ptr<Engine> engine;
  Router router;  // calls `service`
};

// Unavailable when another process has the folder. options.engine_options says which folder.
// FailedPrecondition when the store has keys and the secret to check them with is missing.
Result<std::unique_ptr<OpenedStore>> OpenStore(const ServiceOptions& options, const AuditLogOptions& audit = {});

// Who is let in: with an admin key, with keys of tokens, or once the store has keys (be they over), who shows one;
// everyone as the default tenant otherwise.
struct DoorOptions {
  std::string admin_key_file;       // may be empty
  std::optional<JwtConfig> tokens;  // whose are taken
};
struct Door {
  std::shared_ptr<const Authenticator> authenticator;
  bool wants_keys = false;
};
// FailedPrecondition when everyone would be the default tenant and there is none.
Result<Door> OpenDoor(OpenedStore& store, const DoorOptions& options);

}  // namespace engram
