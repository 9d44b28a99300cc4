// engram verify: whether a data folder holds what was written to it.
#pragma once

#include "tools/command.h"

namespace engram {

// Its own exit codes; scripts rely on them: never renumber.
enum class VerifyExit : int {
  kClean = 0,
  kRepaired = 1,       // all that was found is put right
  kDamage = 2,         // something is left that no repair, or none that was asked for, puts right
  kCouldNotCheck = 3,  // also for a bad command line
};

void AddVerifyCommand(CLI::App& app, ChosenCommand* chosen);

}  // namespace engram
