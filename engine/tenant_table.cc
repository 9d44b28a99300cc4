#include "engine/tenant_table.h"

#include <algorithm>

#include "base/coding.h"
#include "base/log.h"
#include "engine/keys.h"

namespace engram {

using keys::Key;

namespace {

// Whoever it is stays outside; all others come in.
void LogUnreadable(std::string_view event, std::string_view who, const Status& damage) {
  Log(LogLevel::kError, event, {{"name", std::string(who)}, {"error", damage.ToString()}});
}

}  // namespace

Status TenantTable::Load(const KvReader& system) {
  std::vector<TenantEvent> events;
  // A store that knew no settings of tenants has names alone.
  const auto names = system.ScanPrefix(std::string(1, keys::kTenantByName));
  for (; names->Valid(); names->Next()) {
    ByteReader in(names->value());
    TenantRecord tenant;
    tenant.id = TenantId(in.Key32());
    RETURN_IF_ERROR(in.Finish("tenant number"));
    tenant.name = names->key().substr(1);
    ASSIGN_OR_RETURN(const auto bytes, system.Get(Key(keys::kTenant).Add(tenant.id)));
    if (bytes) {
      auto decoded = DecodeTenant(tenant.id, *bytes);
      if (!decoded.ok()) {
        LogUnreadable("tenant_unreadable", tenant.name, decoded.status());
        continue;
      }
      tenant = std::move(*decoded);
    }
    events.emplace_back(std::move(tenant));
  }
  RETURN_IF_ERROR(names->status());
  const auto keys_by_tenant = system.ScanPrefix(std::string(1, keys::kApiKey));
  for (; keys_by_tenant->Valid(); keys_by_tenant->Next()) {
    ByteReader in(keys_by_tenant->key().substr(1));
    const TenantId tenant(in.Key32());
    auto key = DecodeApiKey(tenant, in.rest(), keys_by_tenant->value());
    if (!key.ok()) {
      LogUnreadable("api_key_unreadable", in.rest(), key.status());
      continue;
    }
    events.emplace_back(std::move(*key));
  }
  RETURN_IF_ERROR(keys_by_tenant->status());
  Apply(events);
  return {};
}

void TenantTable::Apply(const std::vector<TenantEvent>& events) {
  if (events.empty()) return;  // most commits
  const MutexLock lock(mutex_);
  for (const TenantEvent& event : events) {
    std::visit([this](const auto& e) REQUIRES(mutex_) { Change(e); }, event);
  }
}

void TenantTable::Change(const TenantRecord& tenant) {
  by_name_.insert_or_assign(tenant.name, tenant.id);
  tenants_.insert_or_assign(tenant.id, std::make_shared<const TenantRecord>(tenant));
}

void TenantTable::Change(const TenantRemoved& removed) {
  const auto at = tenants_.find(removed.id);
  if (at == tenants_.end()) return;
  for (const std::string& id : ids_[removed.id]) keys_.erase(id);
  ids_.erase(removed.id);
  by_name_.erase(at->second->name);
  tenants_.erase(at);
}

void TenantTable::Change(const ApiKey& key) {
  keys_.insert_or_assign(key.id, std::make_shared<const ApiKey>(key));
  ids_[key.tenant].insert(key.id);
}

void TenantTable::Change(const ApiKeyRemoved& removed) {
  const auto at = keys_.find(removed.id);
  if (at == keys_.end()) return;
  ids_[at->second->tenant].erase(removed.id);
  keys_.erase(at);
}

std::shared_ptr<const TenantRecord> TenantTable::FindTenant(std::string_view name) const {
  const MutexLock lock(mutex_);
  const auto at = by_name_.find(name);
  return at == by_name_.end() ? nullptr : tenants_.at(at->second);
}

std::vector<std::shared_ptr<const TenantRecord>> TenantTable::ListTenants(std::string_view after, size_t limit) const {
  const MutexLock lock(mutex_);
  std::vector<std::shared_ptr<const TenantRecord>> found;
  for (auto it = by_name_.upper_bound(after); it != by_name_.end() && found.size() < limit; ++it) {
    found.push_back(tenants_.at(it->second));
  }
  return found;
}

std::optional<KnownKey> TenantTable::FindKey(std::string_view id) const {
  const MutexLock lock(mutex_);
  const auto at = keys_.find(id);
  if (at == keys_.end()) return std::nullopt;
  return KnownKey{at->second, tenants_.at(at->second->tenant)};
}

std::vector<ApiKey> TenantTable::KeysOf(TenantId tenant) const {
  std::vector<ApiKey> found;
  {
    const MutexLock lock(mutex_);
    const auto at = ids_.find(tenant);
    if (at == ids_.end()) return found;
    for (const std::string& id : at->second) found.push_back(*keys_.at(id));
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const ApiKey& a, const ApiKey& b) { return a.created_at < b.created_at; });
  return found;
}

bool TenantTable::HasKeys() const {
  const MutexLock lock(mutex_);
  return !keys_.empty();
}

}  // namespace engram
