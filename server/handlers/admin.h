// Tenants and keys, for the admin key. Each change waits for its commit on its worker: they are rare.
#pragma once

#include "engram/v1/admin.pb.h"
#include "server/handlers/call.h"

namespace engram {

Result<v1::Tenant> PostTenant(Service& service, RequestContext& context, v1::CreateTenantRequest& request);
Result<v1::ListTenantsReply> ListTenants(Service& service, RequestContext& context, NoBody& request);
Result<v1::Tenant> GetTenant(Service& service, RequestContext& context, NoBody& request);
Result<v1::Tenant> PatchTenantLimits(Service& service, RequestContext& context, v1::PatchTenantRequest& request);
Result<v1::DropTenantReply> DeleteTenant(Service& service, RequestContext& context, NoBody& request);

// The reply alone ever shows the key. Repeated with its Idempotency-Key it is AlreadyExists, naming the key that was
// made: the secret is kept nowhere to be shown again.
Result<v1::CreateKeyReply> PostKey(Service& service, RequestContext& context, v1::CreateKeyRequest& request);
Result<v1::ListKeysReply> ListKeys(Service& service, RequestContext& context, NoBody& request);
Result<v1::ApiKey> DeleteKey(Service& service, RequestContext& context, NoBody& request);
Result<v1::CreateKeyReply> RotateKey(Service& service, RequestContext& context, v1::RotateKeyRequest& request);

}  // namespace engram
