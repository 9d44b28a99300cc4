// A tenant out of a store: what `engram export --tenant` does, and a restore of one tenant before it imports it.
#pragma once

#include <string>

#include "base/status.h"
#include "tools/tenant_archive.h"
#include "tools/tenant_clients.h"

namespace engram {

// Makes the archive in `folder`, which is absent or empty (AlreadyExists otherwise); until all of it is on the disk it
// is called `folder`.part. One namespace after the other is read, each while others write: only of a store that nobody
// writes to is it all of one moment. `clients` may read the tenant; `store`: what the store is called in descriptions.
// NotFound when there is no such tenant.
Result<TenantArchive> ExportTenant(TenantClients& clients, const std::string& tenant, const std::string& store,
                                   const std::string& folder);

}  // namespace engram
