#include "tools/opened_store.h"

#include <utility>

#include "server/routes.h"

namespace engram {

Result<std::unique_ptr<OpenedStore>> OpenStore(const ServiceOptions& options) {
  auto store = std::make_unique<OpenedStore>();
  ASSIGN_OR_RETURN(store->engine, Engine::Open(options.engine_options));
  ASSIGN_OR_RETURN(store->tenant, store->engine->FindTenant(kDefaultTenant, /*create=*/true));
  store->service = std::make_unique<Service>(*store->engine, options);
  AddRoutes(*store->service, &store->router);
  return store;
}

}  // namespace engram
