// The tenants that one command works in, each with a client of its own: over a data folder directly; over a server with
// a key that the admin key makes for this command alone and that is revoked when the command ends. One that was killed
// leaves keys that nobody knows any more: they expire.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "client/cpp/client.h"
#include "tools/store_access.h"

namespace engram {

// Confined to one thread.
class TenantClients {
 public:
  static constexpr size_t kTenantsMax = 1'000;
  static constexpr uint64_t kKeySeconds = 86'400;

  struct Options {
    std::string purpose;  // the keys' name: "import notes"
    std::vector<std::string> verbs;
    bool create = false;    // a tenant that is not there is made
    bool rehearse = false;  // makes no key and no tenant
  };

  // For a command that has nothing to do with tenants: of the store that is open, or null.
  explicit TenantClients(StoreAccess access) : access_(std::move(access)) {}
  // InvalidArgument without an admin key for a server. A rehearsal for a folder without a store has no tenants there.
  static Result<std::unique_ptr<TenantClients>> Open(const StoreChoice& choice, IfNoStore if_no_store, Options options);
  // Revokes the keys; tells on standard error of those that could not be.
  ~TenantClients();
  TenantClients(const TenantClients&) = delete;
  TenantClients& operator=(const TenantClients&) = delete;

  // "" is the tenant of the command's own key. Null in a rehearsal. NotFound for a tenant that is not there, unless it
  // is to be made. The client lives as long as this.
  Result<Client*> For(const std::string& tenant);
  // The names for which `wanted` is true, in their order. InvalidArgument when they are more than kTenantsMax.
  Result<std::vector<std::string>> Existing(const std::function<bool(const std::string&)>& wanted) const;

  // Tenants that were asked for and were not there: made, or in a rehearsal still missing.
  const std::set<std::string>& absent() const { return absent_; }
  bool creates() const { return options_.create; }
  // The operator's.
  const StoreAccess& access() const { return access_; }

 private:
  struct Key {
    std::string id;
    std::string tenant;
  };

  Status Ensure(const std::string& tenant);
  Result<std::unique_ptr<Client>> Connect(const std::string& tenant);

  StoreAccess access_;  // the operator's, where tenants are told apart
  StoreChoice choice_;
  Options options_;
  std::map<std::string, std::unique_ptr<Client>> clients_;
  std::vector<Key> keys_;
  std::set<std::string> absent_;
};

}  // namespace engram
