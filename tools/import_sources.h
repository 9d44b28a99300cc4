// The sources of imports. Each adds one subcommand to `parent`, whatever it is used for there.
#pragma once

#include <CLI/CLI.hpp>

#include "tools/command.h"
#include "tools/import_run.h"

namespace engram {

// All of them; a new source joins here, by one line in import.cc.
void AddSources(CLI::App* parent, SourceUse use, ChosenCommand* chosen);

void AddMem0Source(CLI::App* parent, SourceUse use, ChosenCommand* chosen);
void AddMem0PlatformSource(CLI::App* parent, SourceUse use, ChosenCommand* chosen);
void AddOpenMemorySource(CLI::App* parent, SourceUse use, ChosenCommand* chosen);
void AddQdrantSource(CLI::App* parent, SourceUse use, ChosenCommand* chosen);
void AddQdrantLocalSource(CLI::App* parent, SourceUse use, ChosenCommand* chosen);
void AddSqliteSource(CLI::App* parent, SourceUse use, ChosenCommand* chosen);

// Of `engram import` alone: a source of several namespaces.
void AddTenantImport(CLI::App* parent, ChosenCommand* chosen);

}  // namespace engram
