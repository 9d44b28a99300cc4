#include "server/handlers/admin.h"

#include <utility>

#include <fmt/format.h>

#include "server/api_key.h"
#include "server/handlers/convert_admin.h"
#include "server/position_token.h"

namespace engram {
namespace {

constexpr uint64_t kGraceSeconds = 86'400;

const std::string& PathTenant(const RequestContext& context) { return context.path("tenant"); }

// Commits the change and waits.
MutationResult Commit(Service& service, RequestContext& context, TenantChange change) {
  Mutation mutation = MutationOf(std::move(change));
  mutation.idempotency = IdempotencyOf(context);
  MutationResult result = service.engine.Write(std::move(mutation), context.durability());
  if (result.replayed) MarkReplayed(context);
  if (!result.status.ok()) result.status = PlaceInRequest(std::move(result.status), {});
  return result;
}

Result<v1::Tenant> Describe(Service& service, const std::string& name) {
  ASSIGN_OR_RETURN(const TenantInfo info, service.engine.DescribeTenant(name));
  v1::Tenant reply;
  FromTenant(info, &reply);
  return reply;
}

Result<v1::ApiKey> DescribeKey(Service& service, const std::string& tenant, const std::string& id) {
  const std::optional<KnownKey> known = service.engine.FindApiKey(id);
  if (!known || known->tenant->name != tenant) {
    return NotFound(fmt::format("tenant \"{}\" has no key \"{}\"", tenant, id.substr(0, 100)));
  }
  v1::ApiKey reply;
  FromApiKey(*known->key, tenant, service.options.clock->Now(), &reply);
  return reply;
}

// The reply to a key that was made, or why it can't be shown (again).
Result<v1::CreateKeyReply> ShowOnce(Service& service, RequestContext& context, const MutationResult& made,
                                    const NewApiKey& key) {
  RETURN_IF_ERROR(made.status);
  const std::string& id = made.results.front().id;
  if (made.replayed) {
    return AlreadyExists(fmt::format("a request with this Idempotency-Key has made the key {} already, and a key is "
                                     "shown once: revoke it and make another",
                                     id))
        .With("id", id);
  }
  context.Audit(context.audit_note()->event, id);
  v1::CreateKeyReply reply;
  ASSIGN_OR_RETURN(*reply.mutable_info(), DescribeKey(service, PathTenant(context), id));
  reply.set_key(key.token);
  return reply;
}

}  // namespace

Result<v1::Tenant> PostTenant(Service& service, RequestContext& context, v1::CreateTenantRequest& request) {
  context.Audit("tenant.create", request.name());
  if (Status status = CheckName("the tenant's name", request.name()); !status.ok()) return std::move(status).At("name");
  Result<TenantLimits> limits = ToTenantLimits(request.limits());
  if (!limits.ok()) return std::move(limits).status().Under("limits");
  RETURN_IF_ERROR(Commit(service, context, {request.name(), CreateTenant{*limits}}).status);
  return Describe(service, request.name());
}

Result<v1::ListTenantsReply> ListTenants(Service& service, RequestContext& context, NoBody&) {
  ASSIGN_OR_RETURN(const std::optional<uint64_t> asked, context.QueryUint64("limit"));
  ASSIGN_OR_RETURN(const uint32_t limit, PageLimit(asked, service.limits()));
  ASSIGN_OR_RETURN(const std::string cursor, DecodeCursor(context.query("cursor").value_or("")));
  ASSIGN_OR_RETURN(const Engine::TenantPage page, service.engine.ListTenants(limit, cursor));
  v1::ListTenantsReply reply;
  for (const TenantInfo& info : page.tenants) FromTenant(info, reply.add_tenants());
  reply.set_next_cursor(EncodeCursor(page.next_cursor));
  return reply;
}

Result<v1::Tenant> GetTenant(Service& service, RequestContext& context, NoBody&) {
  return Describe(service, PathTenant(context));
}

Result<v1::Tenant> PatchTenantLimits(Service& service, RequestContext& context, v1::PatchTenantRequest& request) {
  context.Audit("tenant.limit", PathTenant(context));
  ASSIGN_OR_RETURN(const TenantLimitsPatch patch, ToTenantLimitsPatch(request));
  RETURN_IF_ERROR(Commit(service, context, {PathTenant(context), PatchTenant{patch}}).status);
  return Describe(service, PathTenant(context));
}

Result<v1::DropTenantReply> DeleteTenant(Service& service, RequestContext& context, NoBody&) {
  context.Audit("tenant.drop", PathTenant(context));
  RETURN_IF_ERROR(Commit(service, context, {PathTenant(context), DropTenant{}}).status);
  v1::DropTenantReply reply;
  reply.set_deleted(true);
  return reply;
}

Result<v1::CreateKeyReply> PostKey(Service& service, RequestContext& context, v1::CreateKeyRequest& request) {
  context.Audit("key.create");
  ASSIGN_OR_RETURN(ApiKey key, ToApiKey(request, service.options.clock->Now(), service.limits()));
  const NewApiKey made = MakeApiKey();
  key.id = made.id;
  ASSIGN_OR_RETURN(key.hash, service.vault.Hash(made.token));
  const MutationResult result = Commit(service, context, {PathTenant(context), CreateApiKey{std::move(key)}});
  return ShowOnce(service, context, result, made);
}

Result<v1::ListKeysReply> ListKeys(Service& service, RequestContext& context, NoBody&) {
  ASSIGN_OR_RETURN(const std::vector<ApiKey> keys, service.engine.ListApiKeys(PathTenant(context)));
  v1::ListKeysReply reply;
  const Timestamp now = service.options.clock->Now();
  for (const ApiKey& key : keys) FromApiKey(key, PathTenant(context), now, reply.add_keys());
  return reply;
}

Result<v1::ApiKey> DeleteKey(Service& service, RequestContext& context, NoBody&) {
  const std::string& id = context.path("key");
  context.Audit("key.revoke", id);
  RETURN_IF_ERROR(Commit(service, context, {PathTenant(context), RevokeApiKey{id}}).status);
  return DescribeKey(service, PathTenant(context), id);
}

Result<v1::CreateKeyReply> RotateKey(Service& service, RequestContext& context, v1::RotateKeyRequest& request) {
  context.Audit("key.rotate", context.path("key"));
  RotateApiKey rotate;
  rotate.id = context.path("key");
  const uint64_t grace = request.has_grace_seconds() ? request.grace_seconds() : kGraceSeconds;
  if (grace > service.limits().ttl_seconds) {
    return InvalidArgument(fmt::format("{} is more than {} seconds", grace, service.limits().ttl_seconds))
        .At("grace_seconds");
  }
  rotate.grace_seconds = static_cast<int64_t>(grace);
  ASSIGN_OR_RETURN(rotate.new_expires_at, ToExpiry(request, service.options.clock->Now(), service.limits()));
  const NewApiKey made = MakeApiKey();
  rotate.new_id = made.id;
  ASSIGN_OR_RETURN(rotate.new_hash, service.vault.Hash(made.token));
  const MutationResult result = Commit(service, context, {PathTenant(context), std::move(rotate)});
  return ShowOnce(service, context, result, made);
}

}  // namespace engram
