// What the subcommands of `engram` share: how each joins the command line and how it ends.
#pragma once

#include <functional>

#include <CLI/CLI.hpp>

#include "base/status.h"

namespace engram {

// Exit codes of every subcommand; scripts rely on them: never renumber.
enum class ExitCode : int {
  kOk = 0,
  kFailed = 1,      // the work was not done, or not all of it
  kBadCommand = 2,  // nothing was tried
};

// The subcommand that the command line chose; empty until one is parsed.
using ChosenCommand = std::function<ExitCode()>;

// Each adds one subcommand, whose callback puts the work into `chosen`. `chosen` outlives `app`.
void AddServeCommand(CLI::App& app, ChosenCommand* chosen);
void AddImportCommand(CLI::App& app, ChosenCommand* chosen);
void AddMigrateCommand(CLI::App& app, ChosenCommand* chosen);
void AddExportCommand(CLI::App& app, ChosenCommand* chosen);
void AddProbeCommand(CLI::App& app, ChosenCommand* chosen);
void AddKeysCommand(CLI::App& app, ChosenCommand* chosen);
void AddSearchCommand(CLI::App& app, ChosenCommand* chosen);
void AddStatsCommand(CLI::App& app, ChosenCommand* chosen);

// Prints "engram: <message>" and, where we know one, what to do next. kFailed.
ExitCode Fail(const Status& status);

}  // namespace engram
