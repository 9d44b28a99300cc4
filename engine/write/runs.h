// Runs as rows: membership, activity, a TTL that renews with every write to the run.
#pragma once

#include "engine/write/transaction.h"

namespace engram {

// The run that a new memory with these scopes joins, made or renewed. An expired run of the same name is left to
// the sweep under its old number and a new one begins.
Result<uint32_t> EnterRun(Transaction& tx, const Scopes& scopes, NodeNumber member);
Status LeaveRun(Transaction& tx, uint32_t run, NodeNumber member);
// A member was written.
Status RenewRun(Transaction& tx, uint32_t run);

Result<Outcome> PutRun(Transaction& tx, const WriteRun& write);
// Hides the run and its memories at once; the sweep removes the rows. NotFound when there is no such run.
Status EndRun(Transaction& tx, const DeleteRun& end);
// Removes the row of a run without members.
void RemoveRun(Transaction& tx, uint32_t number, const RunRow& run);

}  // namespace engram
