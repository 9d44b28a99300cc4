#include "tools/opened_store.h"

#include <utility>

#include "server/key_authenticator.h"
#include "server/routes.h"

namespace engram {

Result<std::unique_ptr<OpenedStore>> OpenStore(const ServiceOptions& options, const AuditLogOptions& audit) {
  auto store = std::make_unique<OpenedStore>();
  ASSIGN_OR_RETURN(store->engine, Engine::Open(options.engine_options));
  ASSIGN_OR_RETURN(store->tenant, store->engine->FindTenant(kDefaultTenant, /*create=*/true));
  store->service = std::make_unique<Service>(*store->engine, options);
  AddRoutes(*store->service, &store->router);
  RETURN_IF_ERROR(store->service->vault.Open(store->engine->HasApiKeys()));
  ASSIGN_OR_RETURN(store->audit, AuditLog::Open(options.engine_options.data_dir + "/audit.log", *options.clock, audit));
  return store;
}

Result<Door> OpenDoor(OpenedStore& store, const DoorOptions& options) {
  Door door;
  const bool takes_tokens = !options.jwt_config_file.empty();
  door.wants_keys = !options.admin_key_file.empty() || takes_tokens || store.engine->HasApiKeys();
  if (!door.wants_keys) {
    door.authenticator = std::make_shared<OpenAuthenticator>(store.tenant, kDefaultTenant);
    return door;
  }
  std::string admin_hash;
  if (!options.admin_key_file.empty()) {
    ASSIGN_OR_RETURN(const std::string admin_key, ReadAdminKey(options.admin_key_file));
    ASSIGN_OR_RETURN(admin_hash, store.service->vault.Hash(admin_key));
  }
  const Clock& clock = *store.service->options.clock;
  std::unique_ptr<JwtAuthenticator> tokens;
  if (takes_tokens) {
    ASSIGN_OR_RETURN(JwtConfig config, LoadJwtConfig(options.jwt_config_file));
    tokens = std::make_unique<JwtAuthenticator>(*store.engine, clock, std::move(config));
  }
  door.authenticator = std::make_shared<KeyAuthenticator>(*store.engine, store.service->vault, clock,
                                                          std::move(admin_hash), std::move(tokens));
  return door;
}

}  // namespace engram
