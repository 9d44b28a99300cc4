// Tenants and keys, from the table that the committer keeps.
#include <fmt/format.h>

#include "base/coding.h"
#include "engine/keys.h"
#include "engine/local_engine.h"
#include "engine/write/tenant_writes.h"

namespace engram {
namespace {

Status NoTenant(const std::string& name) { return NotFound(fmt::format("there is no tenant \"{}\"", name)); }

}  // namespace

Result<TenantId> LocalEngine::FindTenant(const std::string& name, bool create) {
  if (const auto known = tenants_.FindTenant(name)) return known->id;
  if (!create) return NoTenant(name);
  const MutationResult made = Write(MutationOf({name, CreateTenant{}}), Durability::kSync);
  // Somebody else may have been quicker.
  if (!made.status.ok() && made.status.code() != StatusCode::kAlreadyExists) return made.status;
  const auto known = tenants_.FindTenant(name);
  if (!known) return NoTenant(name);
  return known->id;
}

Result<TenantInfo> LocalEngine::DescribeTenant(const std::string& name) {
  const auto known = tenants_.FindTenant(name);
  if (!known) return NoTenant(name);
  const auto snapshot = store_->Snapshot();
  const ScopedReader system(*snapshot, keys::Scope(keys::kSystemTenant, keys::kDirectory));
  const ScopedReader directory(*snapshot, keys::Scope(known->id, keys::kDirectory));
  ASSIGN_OR_RETURN(TenantState state, ReadTenantState(known->id, system, directory, *snapshot));
  return TenantInfo{*known, state.usage};
}

Result<Engine::TenantPage> LocalEngine::ListTenants(uint32_t limit, const std::string& cursor) {
  TenantPage page;
  for (const auto& tenant : tenants_.ListTenants(cursor, limit + size_t{1})) {
    if (page.tenants.size() == limit) {
      page.next_cursor = page.tenants.back().record.name;
      break;
    }
    auto info = DescribeTenant(tenant->name);
    if (!info.ok() && info.status().code() == StatusCode::kNotFound) continue;  // dropped meanwhile
    if (!info.ok()) return std::move(info).status();
    page.tenants.push_back(*std::move(info));
  }
  return page;
}

Result<std::vector<ApiKey>> LocalEngine::ListApiKeys(const std::string& tenant) {
  const auto known = tenants_.FindTenant(tenant);
  if (!known) return NoTenant(tenant);
  return tenants_.KeysOf(known->id);
}

}  // namespace engram
