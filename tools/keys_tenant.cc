#include "tools/keys_tenant.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "api/json.h"
#include "tools/progress.h"

namespace engram {
namespace {

struct TenantOptions {
  StoreChoice store;
  std::string name;
  std::optional<uint64_t> memories;
  std::optional<uint64_t> bytes;
  std::optional<uint64_t> namespaces;
  std::optional<double> requests_per_second;
  std::optional<double> worker_ms_per_second;
  std::vector<std::string> remove;
  bool yes = false;
  bool json = false;
};

void SetLimits(const TenantOptions& options, v1::TenantLimits* limits) {
  if (options.memories) limits->set_memories(*options.memories);
  if (options.bytes) limits->set_bytes(*options.bytes);
  if (options.namespaces) limits->set_namespaces(*options.namespaces);
  if (options.requests_per_second) limits->set_requests_per_second(*options.requests_per_second);
  if (options.worker_ms_per_second) limits->set_worker_ms_per_second(*options.worker_ms_per_second);
}

std::string Of(uint64_t used, bool limited, uint64_t limit) {
  return limited ? fmt::format("{} of {}", WithThousands(used), WithThousands(limit)) : WithThousands(used);
}

void Print(const v1::Tenant& tenant) {
  const v1::TenantLimits& limits = tenant.limits();
  const v1::TenantUsage& usage = tenant.usage();
  std::string rates;
  if (limits.has_requests_per_second()) rates += fmt::format(", {} requests/s", limits.requests_per_second());
  if (limits.has_worker_ms_per_second()) rates += fmt::format(", {} ms/s of workers", limits.worker_ms_per_second());
  fmt::print("{}: {} namespaces, {} memories, {} bytes{}\n", tenant.name(),
             Of(usage.namespaces(), limits.has_namespaces(), limits.namespaces()),
             Of(usage.memories(), limits.has_memories(), limits.memories()),
             Of(usage.bytes(), limits.has_bytes(), limits.bytes()), rates);
}

Status Add(const TenantOptions& options, Client& client) {
  v1::CreateTenantRequest request;
  request.set_name(options.name);
  SetLimits(options, request.mutable_limits());
  ASSIGN_OR_RETURN(const v1::Tenant tenant, client.CreateTenant(request));
  Print(tenant);
  return {};
}

Status Limit(const TenantOptions& options, Client& client) {
  v1::PatchTenantRequest request;
  SetLimits(options, request.mutable_limits());
  for (const std::string& name : options.remove) request.add_remove(name);
  ASSIGN_OR_RETURN(const v1::Tenant tenant, client.PatchTenant(options.name, request));
  Print(tenant);
  return {};
}

Status List(const TenantOptions& options, Client& client) {
  std::string cursor;
  do {
    ASSIGN_OR_RETURN(const v1::ListTenantsReply page, client.ListTenants(100, cursor));
    for (const v1::Tenant& tenant : page.tenants()) {
      if (options.json) {
        fmt::print("{}\n", PrintJson(tenant));
      } else {
        Print(tenant);
      }
    }
    cursor = page.next_cursor();
  } while (!cursor.empty());
  return {};
}

Status Drop(const TenantOptions& options, Client& client) {
  if (!options.yes) {
    return InvalidArgument(fmt::format("everything of tenant \"{}\" would be erased: say so with --yes", options.name));
  }
  RETURN_IF_ERROR(client.DropTenant(options.name).status());
  fmt::print("tenant {} is dropped; its memories are being erased\n", options.name);
  return {};
}

using TenantWork = Status (*)(const TenantOptions& options, Client& client);

std::pair<CLI::App*, std::shared_ptr<TenantOptions>> AddOne(CLI::App* tenant, const char* name, const char* what,
                                                            TenantWork work, ChosenCommand* chosen) {
  auto options = std::make_shared<TenantOptions>();
  CLI::App* command = tenant->add_subcommand(name, what);
  AddAdminOptions(command, &options->store);
  const IfNoStore if_no_store = work == &Add ? IfNoStore::kCreate : IfNoStore::kFail;
  command->callback([options, work, if_no_store, chosen] {
    *chosen = [options, work, if_no_store] {
      return WithAdmin(options->store, if_no_store, [&](Client& client) { return work(*options, client); });
    };
  });
  return {command, options};
}

void AddLimits(CLI::App* command, TenantOptions* options) {
  command->add_option("--max-memories", options->memories, "Memories of all its namespaces");
  command->add_option("--max-bytes", options->bytes, "Bytes of stored contents")
      ->transform(CLI::AsSizeValue(false))
      ->type_name("SIZE");
  command->add_option("--max-namespaces", options->namespaces, "Namespaces");
  command->add_option("--requests-per-second", options->requests_per_second, "Requests a second; beyond: 429");
  command->add_option("--worker-ms-per-second", options->worker_ms_per_second,
                      "Processor time of workers, in milliseconds a second; beyond: 429");
}

}  // namespace

ExitCode WithAdmin(const StoreChoice& choice, IfNoStore if_no_store,
                   const std::function<Status(Client& client)>& work) {
  auto access = OpenAccess(AsAdmin(choice), if_no_store);
  if (!access.ok()) return Fail(access.status());
  const Status status = work(*access->client);
  return status.ok() ? ExitCode::kOk : Fail(status);
}

void AddTenantCommands(CLI::App* keys, ChosenCommand* chosen) {
  CLI::App* tenant = keys->add_subcommand("tenant", "Add, list, limit and drop tenants");
  tenant->require_subcommand(1);
  auto [add, add_options] = AddOne(tenant, "add", "Add a tenant", &Add, chosen);
  add->add_option("name", add_options->name, "Its name")->required();
  AddLimits(add, add_options.get());
  auto [list, list_options] = AddOne(tenant, "list", "List tenants with what they have and may have", &List, chosen);
  list->add_flag("--json", list_options->json, "As the API gives it, one a line");
  auto [limit, limit_options] = AddOne(tenant, "limit", "Change what a tenant may have", &Limit, chosen);
  limit->add_option("name", limit_options->name, "Its name")->required();
  AddLimits(limit, limit_options.get());
  limit->add_option("--remove", limit_options->remove, "A limit to remove, such as memories (may be repeated)");
  auto [drop, drop_options] =
      AddOne(tenant, "drop", "Drop a tenant: its keys now, its memories by and by", &Drop, chosen);
  drop->add_option("name", drop_options->name, "Its name")->required();
  drop->add_flag("--yes", drop_options->yes, "Erase everything of it");
}

}  // namespace engram
