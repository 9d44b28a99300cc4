// The archive of a tenant into a store: what `engram import tenant` does, and a restore of one tenant behind its
// backup.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "tools/tenant_archive.h"
#include "tools/tenant_clients.h"

namespace engram {

struct TenantImportOptions {
  std::string as;              // the tenant to make or to fill
  std::string import_id;       // under which each namespace keeps how far it is
  bool into_existing = false;  // it may have other namespaces than those of the archive
};

struct TenantImportReport {
  uint64_t namespaces = 0;         // that were written and compared by this run
  uint64_t memories = 0;           // in those
  uint64_t left = 0;               // namespaces that an earlier run has brought: left as they are
  bool made = false;               // the tenant was not there
  std::vector<std::string> notes;  // for a person: what has expired since

  // "299 memories in 1 namespaces, equal to the archive's".
  std::string Text() const;
};

// Whether the archive may go there at all, before anything is written. FailedPrecondition, naming the namespace, when
// the tenant has some that this import did not bring: always when one has the name of one in the archive (or of an
// alias of one) and is not empty, otherwise unless `into_existing`. An import with the same id that was interrupted
// goes on. A tenant that is not there is fine.
Status CheckTenantTarget(TenantClients& clients, const TenantArchive& archive, const std::string& folder,
                         const TenantImportOptions& options);
// The same, as far as it can be told without the archive.
Status CheckTenantIsEmpty(TenantClients& clients, const TenantImportOptions& options);

// Writes each namespace with its configuration, memories with vectors and history, tombstones, nodes, runs and edges,
// the ended ones, too; reads it back and holds it against the archive by the digests of its records. What was
// interrupted goes on behind its last commit when it is called again. A tenant that is not there is made with the
// archive's limits; keys are not in an archive. Corruption when a namespace, once written, is not what the archive
// holds. REQUIRES: CheckTenantTarget; `clients` may read, write, import and administer.
Result<TenantImportReport> ImportTenant(TenantClients& clients, const TenantArchive& archive, const std::string& folder,
                                        const TenantImportOptions& options);

}  // namespace engram
