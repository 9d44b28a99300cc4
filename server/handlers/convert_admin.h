// Tenants and keys between wire and engine.
#pragma once

#include <optional>
#include <string>

#include "base/status.h"
#include "base/timestamp.h"
#include "engine/engine.h"
#include "engram/v1/admin.pb.h"
#include "server/request_limits.h"

namespace engram {

// InvalidArgument for a rate that is not above 0, naming it.
Result<TenantLimits> ToTenantLimits(const v1::TenantLimits& limits);
// InvalidArgument for a limit that is both given and removed, or unknown.
Result<TenantLimitsPatch> ToTenantLimitsPatch(const v1::PatchTenantRequest& request);
void FromTenant(const TenantInfo& info, v1::Tenant* out);

// Everything but id and hash.
Result<ApiKey> ToApiKey(const v1::CreateKeyRequest& request, Timestamp now, const RequestLimits& limits);
// When a key ends, if ever: InvalidArgument unless it is in the future and said in one way at most.
template <class Request>
Result<std::optional<Timestamp>> ToExpiry(const Request& request, Timestamp now, const RequestLimits& limits);
void FromApiKey(const ApiKey& key, const std::string& tenant, Timestamp now, v1::ApiKey* out);

}  // namespace engram
