// Tenants and keys: what a change of them leaves, and what a write of a tenant is held against.
#pragma once

#include <string>
#include <vector>

#include "engine/write/replies.h"
#include "engine/write/transaction.h"

namespace engram {

// Decides `change` in the system's directory, which `system` reads and writes. The result names the tenant, or the key
// that was made or changed.
Result<OperationResult> ApplyTenantChange(const TenantChange& change, Transaction::Range& system, Timestamp log_time,
                                          std::vector<TenantEvent>* events);

// The tenant and what it has; of one that the store has no row of, as older stores have none, without limits and with
// what its namespaces add up to. `directory` is the tenant's, `all` every row.
Result<TenantState> ReadTenantState(TenantId tenant, const KvReader& system, const KvReader& directory,
                                    const KvReader& all);

// NotFound where the tenant has been dropped.
Status CheckNotDropped(const TenantState& state);

// Puts what the mutation changed on the tenant's account. kOutOfSpace, naming the quota, where that grew beyond it.
Status ChargeTenant(Transaction& tx);

}  // namespace engram
