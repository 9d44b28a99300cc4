#include "engine/write/namespace_cache.h"

#include "base/coding.h"

namespace engram {
namespace {

std::string NameEntry(TenantId tenant, std::string_view name) {
  std::string key;
  AppendKey32(&key, tenant.value);
  key += name;
  return key;
}

uint64_t StateEntry(TenantId tenant, NamespaceId ns) { return uint64_t{tenant.value} << 32 | ns.value; }

}  // namespace

std::optional<NamespaceId> NamespaceCache::FindName(TenantId tenant, std::string_view name) const {
  const auto at = names_.find(NameEntry(tenant, name));
  if (at == names_.end()) return std::nullopt;
  return at->second;
}

void NamespaceCache::KeepName(TenantId tenant, std::string_view name, NamespaceId ns) {
  if (names_.size() >= kEntriesMax) names_.clear();
  names_.insert_or_assign(NameEntry(tenant, name), ns);
}

std::optional<NamespaceState> NamespaceCache::Take(TenantId tenant, NamespaceId ns) {
  const auto at = states_.find(StateEntry(tenant, ns));
  if (at == states_.end()) return std::nullopt;
  std::optional<NamespaceState> state(std::move(at->second));
  states_.erase(at);
  return state;
}

void NamespaceCache::Keep(TenantId tenant, NamespaceId ns, NamespaceState state) {
  if (states_.size() >= kEntriesMax) states_.clear();
  states_.insert_or_assign(StateEntry(tenant, ns), std::move(state));
}

std::optional<TenantState> NamespaceCache::TakeTenant(TenantId tenant) {
  const auto at = tenants_.find(tenant);
  if (at == tenants_.end()) return std::nullopt;
  std::optional<TenantState> state(std::move(at->second));
  tenants_.erase(at);
  return state;
}

void NamespaceCache::KeepTenant(TenantState state) {
  if (tenants_.size() >= kEntriesMax) tenants_.clear();
  const TenantId id = state.tenant.id;
  tenants_.insert_or_assign(id, std::move(state));
}

void NamespaceCache::Clear() {
  names_.clear();
  states_.clear();
  tenants_.clear();
}

}  // namespace engram
