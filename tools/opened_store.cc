#include <utility>

#include "base/file.h"
#include "server/key_authenticator.h"
#include "server/routes.h"
#include "tools/served_store.h"

namespace engram {
namespace {

// A store that nobody has opened before has neither tenants nor a log of what became of them.
Result<bool> IsNew(Engine& engine, const std::string& audit_log) {
  ASSIGN_OR_RETURN(const Engine::TenantPage tenants, engine.ListTenants(1, ""));
  ASSIGN_OR_RETURN(const bool logged, FileSystem::Posix().Exists(audit_log));
  return tenants.tenants.empty() && !logged;
}

Result<std::optional<TenantId>> FindDefaultTenant(Engine& engine, const std::string& audit_log) {
  ASSIGN_OR_RETURN(const bool create, IsNew(engine, audit_log));
  auto found = engine.FindTenant(kDefaultTenant, create);
  if (found.ok()) return std::optional<TenantId>(*found);
  if (found.status().code() == StatusCode::kNotFound) return std::optional<TenantId>();
  return std::move(found).status();
}

}  // namespace

Result<std::unique_ptr<OpenedStore>> OpenStore(const ServiceOptions& options, const AuditLogOptions& audit) {
  return OpenServedStore(options, audit, {});
}

Result<std::unique_ptr<OpenedStore>> OpenServedStore(const ServiceOptions& options, const AuditLogOptions& audit,
                                                     const OpenedFor& use) {
  auto store = std::make_unique<OpenedStore>();
  const std::string audit_log = options.engine_options.data_dir + "/audit.log";
  ASSIGN_OR_RETURN(store->engine, OpenEngine(options.engine_options, use));
  ASSIGN_OR_RETURN(store->tenant, FindDefaultTenant(*store->engine, audit_log));
  store->service = std::make_unique<Service>(*store->engine, options);
  AddRoutes(*store->service, &store->router);
  RETURN_IF_ERROR(store->service->vault.Open(store->engine->HasApiKeys()));
  ASSIGN_OR_RETURN(store->audit, AuditLog::Open(audit_log, *options.clock, audit));
  return store;
}

Result<Door> OpenDoor(OpenedStore& store, const DoorOptions& options) {
  Door door;
  door.wants_keys = !options.admin_key_file.empty() || options.tokens || store.engine->HasApiKeys();
  if (!door.wants_keys) {
    if (!store.tenant) {
      return FailedPrecondition(
          "without keys everyone is the tenant \"default\", and that was dropped: give --admin-key-file, or make a new "
          "one with `engram keys tenant add default --data DIR`");
    }
    door.authenticator = std::make_shared<OpenAuthenticator>(*store.tenant, kDefaultTenant);
    return door;
  }
  std::string admin_hash;
  if (!options.admin_key_file.empty()) {
    ASSIGN_OR_RETURN(const std::string admin_key, ReadAdminKey(options.admin_key_file));
    ASSIGN_OR_RETURN(admin_hash, store.service->vault.Hash(admin_key));
  }
  const Clock& clock = *store.service->options.clock;
  std::unique_ptr<JwtAuthenticator> tokens;
  if (options.tokens) tokens = std::make_unique<JwtAuthenticator>(*store.engine, clock, *options.tokens);
  door.authenticator = std::make_shared<KeyAuthenticator>(*store.engine, store.service->vault, clock,
                                                          std::move(admin_hash), std::move(tokens));
  return door;
}

}  // namespace engram
