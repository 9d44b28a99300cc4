// engram keys tenant, and what all of `engram keys` have in common.
#pragma once

#include <functional>

#include "tools/command.h"
#include "tools/store_access.h"

namespace engram {

// With --data no key is needed: who has the folder may do everything.
ExitCode WithAdmin(const StoreChoice& choice, IfNoStore if_no_store, const std::function<Status(Client& client)>& work);

void AddTenantCommands(CLI::App* keys, ChosenCommand* chosen);

}  // namespace engram
