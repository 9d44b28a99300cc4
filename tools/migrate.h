// The parts of `engram migrate`, one file each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "client/cpp/client.h"
#include "tools/command.h"
#include "tools/import/destination.h"
#include "tools/store_access.h"
#include "tools/tenant_clients.h"

namespace engram {

// Whose imports a command is about: the tenant's that the key is for, unless others are named, which needs the admin
// key or the data folder. The options stay where they are.
struct ChosenTenants {
  StoreChoice store;
  std::string tenant;  // this one
  std::string map;     // of a mapping that routes to tenants: all of those that there are
};
void AddTenantChoice(CLI::App* command, ChosenTenants* chosen);

// The tenants that a command works in; one that is empty is the key's own.
struct OpenedTenants {
  std::unique_ptr<TenantClients> clients;
  std::vector<std::string> names;
};
// `purpose` and `verbs`: of the keys that are made for it.
Result<OpenedTenants> OpenTenants(const ChosenTenants& chosen, const std::string& purpose,
                                  const std::vector<std::string>& verbs);

// Which import a command is about, in one namespace or in all that it was routed to.
struct ChosenImport {
  ChosenTenants tenants;
  std::string namespace_name;
  bool all = false;
  std::string import_id;
};
void AddImportChoice(CLI::App* command, ChosenImport* chosen);

struct FoundImport {
  Destination at;
  Client* client;  // of its tenant
  v1::ImportProgress import;
};
// In the order of the tenants' and the namespaces' names. NotFound names the imports there are.
Result<std::vector<FoundImport>> FindChosen(const OpenedTenants& tenants, const ChosenImport& chosen);

void AddMigrateStatus(CLI::App* migrate, ChosenCommand* chosen);
void AddMigrateReport(CLI::App* migrate, ChosenCommand* chosen);
void AddMigrateRollback(CLI::App* migrate, ChosenCommand* chosen);
void AddMigratePushBack(CLI::App* migrate, ChosenCommand* chosen);

}  // namespace engram
