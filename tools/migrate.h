// The parts of `engram migrate`, one file each.
#pragma once

#include <CLI/CLI.hpp>

#include "tools/command.h"

namespace engram {

void AddMigrateStatus(CLI::App* migrate, ChosenCommand* chosen);
void AddMigrateReport(CLI::App* migrate, ChosenCommand* chosen);
void AddMigrateRollback(CLI::App* migrate, ChosenCommand* chosen);

}  // namespace engram
