// The sources of `engram import` that have a file of their own; import.cc has the others. Each adds one subcommand.
#pragma once

#include <CLI/CLI.hpp>

#include "tools/command.h"

namespace engram {

void AddMem0Source(CLI::App* import, ChosenCommand* chosen);
void AddQdrantLocalSource(CLI::App* import, ChosenCommand* chosen);
void AddSqliteSource(CLI::App* import, ChosenCommand* chosen);

}  // namespace engram
