// Takes an import back, whatever it was made from: the store's rows tell what it brought.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/status.h"
#include "client/cpp/client.h"
#include "tools/progress.h"

namespace engram {

// What a rollback would find.
struct RollbackPlan {
  uint64_t removable = 0;
  uint64_t replaced = 0;  // to be brought back from the backup
  uint64_t kept = 0;      // written or deleted here since
  uint64_t expired = 0;   // of the removable: memories whose time was over meanwhile
  uint64_t gone = 0;      // removed already, by others
};

// Called for each item that stays though the import brought it, and for each that is to be brought back.
using LeftVisitor = std::function<void(const v1::ImportedItem& item)>;

Result<RollbackPlan> PlanRollback(Client& client, const std::string& ns, const std::string& import_id,
                                  const LeftVisitor& left);

// Removes what nobody has written since, brings back what the import replaced out of `backup` (a folder; empty: there
// is none, and what was replaced stays), and ends in the state rolled_back. Each step is committed with the state, so a
// rollback that was interrupted goes on when it is repeated. What is left is told before the import forgets it.
// Corruption or NotFound for a backup that is not whole, before anything is removed.
Result<RollbackPlan> RollBack(Client& client, const std::string& ns, const v1::ImportProgress& import,
                              const std::string& backup, const LeftVisitor& left, Progress& progress);

}  // namespace engram
