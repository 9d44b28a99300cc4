#include "tools/tenant_clients.h"

#include <chrono>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "tools/direct_transport.h"

namespace engram {
namespace {

// As a key's name may be.
std::string Label(const std::string& text) {
  constexpr size_t kBytesMax = 200;
  std::string label = text.substr(0, kBytesMax);
  for (char& c : label) {
    if (c < ' ' || c > '~') c = '_';
  }
  return label;
}

}  // namespace

Result<std::unique_ptr<TenantClients>> TenantClients::Open(const StoreChoice& choice, IfNoStore if_no_store,
                                                           Options options) {
  if (choice.data_dir.empty() && choice.admin_key_file.empty()) {
    return InvalidArgument(
        "tenants are told apart with the admin key, which makes a key for each that ends with this command: give "
        "--admin-key-file FILE (or ENGRAM_ADMIN_KEY_FILE), or --data DIR where no server has the folder open");
  }
  auto access = OpenAccess(AsAdmin(choice), if_no_store);
  const bool no_store = !access.ok() && access.status().code() == StatusCode::kNotFound && !choice.data_dir.empty();
  if (!access.ok() && !(options.rehearse && no_store)) return access.status();
  auto clients = std::make_unique<TenantClients>(access.ok() ? *std::move(access) : StoreAccess());
  clients->choice_ = choice;
  clients->options_ = std::move(options);
  return clients;
}

TenantClients::~TenantClients() {
  CallOptions soon;
  soon.timeout = std::chrono::seconds(5);
  for (const Key& key : keys_) {
    const auto revoked = access_.client->RevokeKey(key.tenant, key.id, soon);
    if (revoked.ok()) continue;
    fmt::print(stderr, "engram: the key {} of tenant {} could not be revoked and ends by itself in {} hours: {}\n",
               key.id, key.tenant, kKeySeconds / 3600, revoked.status().message());
    if (revoked.status().code() != StatusCode::kUnavailable) continue;
    fmt::print(stderr, "        and so do all others that this command has made: `engram keys list` shows them\n");
    break;
  }
}

Result<Client*> TenantClients::For(const std::string& tenant) {
  if (tenant.empty()) return access_.client.get();
  const auto known = clients_.find(tenant);
  if (known != clients_.end()) return known->second.get();
  if (clients_.size() >= kTenantsMax) {
    return InvalidArgument(
        fmt::format("one command works in {} tenants at most; \"{}\" would be one more", kTenantsMax, tenant));
  }
  RETURN_IF_ERROR(Ensure(tenant));
  std::unique_ptr<Client> client;
  if (!options_.rehearse) {
    ASSIGN_OR_RETURN(client, Connect(tenant));
  }
  return clients_.emplace(tenant, std::move(client)).first->second.get();
}

Status TenantClients::Ensure(const std::string& tenant) {
  if (access_.client) {
    Status status = access_.client->GetTenant(tenant).status();
    if (status.code() != StatusCode::kNotFound) return status;
  }
  if (!options_.create && !options_.rehearse) {
    return NotFound(fmt::format(
        "there is no tenant \"{}\": --create-tenants makes those that the route leads to, `engram keys tenant "
        "add` one with limits",
        tenant));
  }
  if (!options_.rehearse) {
    v1::CreateTenantRequest request;
    request.set_name(tenant);
    const Status made = access_.client->CreateTenant(request).status();
    if (made.code() == StatusCode::kAlreadyExists) return {};
    RETURN_IF_ERROR(made);
  }
  absent_.insert(tenant);
  return {};
}

Result<std::unique_ptr<Client>> TenantClients::Connect(const std::string& tenant) {
  ClientOptions options;
  if (access_.store) {
    options.compress = false;
    ASSIGN_OR_RETURN(auto transport, NewDirectTransport(*access_.store, tenant));
    return std::make_unique<Client>(std::move(transport), std::move(options));
  }
  v1::CreateKeyRequest request;
  request.set_name(Label(options_.purpose));
  for (const std::string& verb : options_.verbs) request.add_verbs(verb);
  request.set_ttl_seconds(kKeySeconds);
  ASSIGN_OR_RETURN(const v1::CreateKeyReply made, access_.client->CreateKey(tenant, request));
  keys_.push_back({made.info().id(), tenant});
  StoreChoice choice = choice_;
  choice.key_file.clear();
  choice.key = made.key();
  ASSIGN_OR_RETURN(StoreAccess access, OpenAccess(choice, IfNoStore::kFail));
  return std::move(access.client);
}

Result<std::vector<std::string>> TenantClients::Existing(const std::function<bool(const std::string&)>& wanted) const {
  std::vector<std::string> names;
  if (!access_.client) return names;
  std::string cursor;
  do {
    ASSIGN_OR_RETURN(const v1::ListTenantsReply page, access_.client->ListTenants(100, cursor));
    for (const v1::Tenant& tenant : page.tenants()) {
      if (!wanted(tenant.name())) continue;
      if (names.size() >= kTenantsMax) {
        return InvalidArgument(
            fmt::format("more than {} tenants could be meant: --tenant NAME chooses one of them", kTenantsMax));
      }
      names.push_back(tenant.name());
    }
    cursor = page.next_cursor();
  } while (!cursor.empty());
  return names;
}

}  // namespace engram
