#include <utility>

#include "server/key_authenticator.h"
#include "server/routes.h"
#include "tools/served_store.h"

namespace engram {

Result<std::unique_ptr<OpenedStore>> OpenStore(const ServiceOptions& options) { return OpenServedStore(options, {}); }

Result<std::unique_ptr<OpenedStore>> OpenServedStore(const ServiceOptions& options, const OpenedFor& use) {
  auto store = std::make_unique<OpenedStore>();
  ASSIGN_OR_RETURN(store->engine, OpenEngine(options.engine_options, use));
  ASSIGN_OR_RETURN(store->tenant, store->engine->FindTenant(kDefaultTenant, /*create=*/true));
  store->service = std::make_unique<Service>(*store->engine, options);
  AddRoutes(*store->service, &store->router);
  RETURN_IF_ERROR(store->service->vault.Open(store->engine->HasApiKeys()));
  ASSIGN_OR_RETURN(store->audit, AuditLog::Open(options.engine_options.data_dir + "/audit.log", *options.clock));
  return store;
}

Result<Door> OpenDoor(OpenedStore& store, const std::string& admin_key_file) {
  Door door;
  door.wants_keys = !admin_key_file.empty() || store.engine->HasApiKeys();
  if (!door.wants_keys) {
    door.authenticator = std::make_shared<OpenAuthenticator>(store.tenant, kDefaultTenant);
    return door;
  }
  std::string admin_hash;
  if (!admin_key_file.empty()) {
    ASSIGN_OR_RETURN(const std::string admin_key, ReadAdminKey(admin_key_file));
    ASSIGN_OR_RETURN(admin_hash, store.service->vault.Hash(admin_key));
  }
  door.authenticator = std::make_shared<KeyAuthenticator>(*store.engine, store.service->vault,
                                                          *store.service->options.clock, std::move(admin_hash));
  return door;
}

}  // namespace engram
