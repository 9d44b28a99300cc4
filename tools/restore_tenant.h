// engram restore --tenant: one tenant out of a backup or an archive into a store that is there, or anew.
#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "engine/backup/restore_archive.h"
#include "tools/store_access.h"

namespace engram {

struct TenantRestore {
  std::string repository;          // of backups
  std::optional<uint32_t> backup;  // its number; the newest otherwise
  std::string archive;             // not empty: this instead
  RestoreTarget target;            // of the archive
  std::string tenant;
  std::string as;              // empty: the same name
  bool into_existing = false;  // the tenant may have other namespaces
  std::string scratch;         // where room is for the whole store; empty: the system's folder for such
  StoreChoice store;           // that gets the tenant
};

// Restores all of the copy into a scratch folder, erases there what the ledger of erasures says was erased since (with
// what the target, where it is the store that the copy was made of, has erased up to now), takes the tenant out as an
// archive (tenant_archive.h) and imports that, which writes nothing over and touches no other tenant. Proven equal at
// the end by digests. Prints what it did.
//
// A run that was interrupted goes on when it is run again: what the scratch folder holds is kept until the end.
// NotFound when the copy has no such tenant, or the tenant was dropped since; FailedPrecondition as CheckTenantTarget.
Status RestoreTenant(const TenantRestore& choice);

}  // namespace engram
