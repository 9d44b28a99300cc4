// The parts of `engram migrate`, one file each.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "tools/command.h"

namespace engram {

// Which import a command is about: both options are required and stay where they are.
struct ChosenImport {
  std::string namespace_name;
  std::string import_id;
};
void AddImportChoice(CLI::App* command, ChosenImport* chosen);

void AddMigrateStatus(CLI::App* migrate, ChosenCommand* chosen);
void AddMigrateReport(CLI::App* migrate, ChosenCommand* chosen);
void AddMigrateRollback(CLI::App* migrate, ChosenCommand* chosen);
void AddMigratePushBack(CLI::App* migrate, ChosenCommand* chosen);

}  // namespace engram
