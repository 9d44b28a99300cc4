// The client's calls about tenants and keys.
#include <utility>

#include "client/cpp/caller.h"
#include "client/cpp/client.h"
#include "client/cpp/target.h"

namespace engram {
namespace {

std::string TenantTarget(const std::string& tenant, const std::string& rest = {}) {
  return "/v1/admin/tenants/" + PercentEncode(tenant) + rest;
}

std::string KeyTarget(const std::string& tenant, const std::string& id, const std::string& rest = {}) {
  return TenantTarget(tenant, "/keys/" + PercentEncode(id) + rest);
}

}  // namespace

Result<v1::Tenant> Client::CreateTenant(const v1::CreateTenantRequest& request, const CallOptions& options) {
  return caller_->Write<v1::Tenant>("POST", "/v1/admin/tenants", &request, options);
}

Result<v1::ListTenantsReply> Client::ListTenants(uint32_t limit, const std::string& cursor,
                                                 const CallOptions& options) {
  std::string target = "/v1/admin/tenants";
  AddQuery(&target, "limit", std::to_string(limit));
  AddQuery(&target, "cursor", cursor);
  return caller_->Read<v1::ListTenantsReply>("GET", std::move(target), nullptr, options);
}

Result<v1::Tenant> Client::GetTenant(const std::string& tenant, const CallOptions& options) {
  return caller_->Read<v1::Tenant>("GET", TenantTarget(tenant), nullptr, options);
}

Result<v1::Tenant> Client::PatchTenant(const std::string& tenant, const v1::PatchTenantRequest& request,
                                       const CallOptions& options) {
  return caller_->Write<v1::Tenant>("PATCH", TenantTarget(tenant), &request, options);
}

Result<v1::DropTenantReply> Client::DropTenant(const std::string& tenant, const CallOptions& options) {
  return caller_->Write<v1::DropTenantReply>("DELETE", TenantTarget(tenant), nullptr, options);
}

Result<v1::CreateKeyReply> Client::CreateKey(const std::string& tenant, const v1::CreateKeyRequest& request,
                                             const CallOptions& options) {
  return caller_->Write<v1::CreateKeyReply>("POST", TenantTarget(tenant, "/keys"), &request, options);
}

Result<v1::ListKeysReply> Client::ListKeys(const std::string& tenant, const CallOptions& options) {
  return caller_->Read<v1::ListKeysReply>("GET", TenantTarget(tenant, "/keys"), nullptr, options);
}

Result<v1::ApiKey> Client::RevokeKey(const std::string& tenant, const std::string& id, const CallOptions& options) {
  return caller_->Write<v1::ApiKey>("DELETE", KeyTarget(tenant, id), nullptr, options);
}

Result<v1::CreateKeyReply> Client::RotateKey(const std::string& tenant, const std::string& id,
                                             const v1::RotateKeyRequest& request, const CallOptions& options) {
  return caller_->Write<v1::CreateKeyReply>("POST", KeyTarget(tenant, id, ":rotate"), &request, options);
}

}  // namespace engram
