// All tenants and all keys in memory, as the committed rows have them.
//
// Thread-safe: the committer changes it after each commit and before the reply, so that a revoked key is refused by
// every request that comes after the reply. About 300 bytes a key, at most kApiKeysPerTenantMax of a tenant.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/kv.h"
#include "base/mutex.h"
#include "engine/tenant.h"

namespace engram {

class TenantTable {
 public:
  // From the rows of the system's directory. Called once, before anything else.
  Status Load(const KvReader& system) EXCLUDES(mutex_);
  void Apply(const std::vector<TenantEvent>& events) EXCLUDES(mutex_);

  // Null when there is none of this name.
  std::shared_ptr<const TenantRecord> FindTenant(std::string_view name) const EXCLUDES(mutex_);
  // By name, `limit` of those after `after`.
  std::vector<std::shared_ptr<const TenantRecord>> ListTenants(std::string_view after, size_t limit) const
      EXCLUDES(mutex_);

  // Also one that is over; nothing when there is none.
  std::optional<KnownKey> FindKey(std::string_view id) const EXCLUDES(mutex_);
  // The tenant's, oldest first.
  std::vector<ApiKey> KeysOf(TenantId tenant) const EXCLUDES(mutex_);
  // Any at all, also of those that are over.
  bool HasKeys() const EXCLUDES(mutex_);

 private:
  struct Text {
    using is_transparent = void;  // NOLINT(readability-identifier-naming): the library's name
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  void Change(const TenantRecord& tenant) REQUIRES(mutex_);
  void Change(const TenantRemoved& removed) REQUIRES(mutex_);
  void Change(const ApiKey& key) REQUIRES(mutex_);
  void Change(const ApiKeyRemoved& removed) REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<std::string, TenantId, std::less<>> by_name_ GUARDED_BY(mutex_);
  std::unordered_map<TenantId, std::shared_ptr<const TenantRecord>> tenants_ GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::shared_ptr<const ApiKey>, Text, std::equal_to<>> keys_ GUARDED_BY(mutex_);
  std::unordered_map<TenantId, std::set<std::string>> ids_ GUARDED_BY(mutex_);  // of the keys of each tenant
};

}  // namespace engram
