// The parts of `engram migrate`, one file each.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "client/cpp/client.h"
#include "tools/command.h"

namespace engram {

// Which import a command is about, in one namespace or in all that it was routed to. The options stay where they are.
struct ChosenImport {
  std::string namespace_name;
  bool all = false;
  std::string import_id;
};
void AddImportChoice(CLI::App* command, ChosenImport* chosen);

struct NamespaceImport {
  std::string namespace_name;
  v1::ImportProgress import;
};
// In the order of the namespaces' names. NotFound names the imports there are.
Result<std::vector<NamespaceImport>> FindChosen(Client& client, const ChosenImport& chosen);

void AddMigrateStatus(CLI::App* migrate, ChosenCommand* chosen);
void AddMigrateReport(CLI::App* migrate, ChosenCommand* chosen);
void AddMigrateRollback(CLI::App* migrate, ChosenCommand* chosen);
void AddMigratePushBack(CLI::App* migrate, ChosenCommand* chosen);

}  // namespace engram
