// engram backup and engram restore (see command.h).
#pragma once

#include "tools/command.h"

namespace engram {

void AddBackupCommand(CLI::App& app, ChosenCommand* chosen);
void AddRestoreCommand(CLI::App& app, ChosenCommand* chosen);

}  // namespace engram
