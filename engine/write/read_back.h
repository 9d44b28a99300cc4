// What an operation left behind, for its reply: read by the mutation that made it, so that no later one is seen.
#pragma once

#include "engine/write/transaction.h"

namespace engram {

// Fills `memory`, `run`, `node` or `namespace_info` of the result of an operation that writes one; nothing for others.
Status ReadBack(Transaction& tx, const Operation& operation, MutationResult* result);

}  // namespace engram
