// Erasures on their way into the ledger (engine/erasure.h).
#pragma once

#include "base/status.h"
#include "engine/erasure.h"
#include "engine/write/transaction.h"

namespace engram {

// Gives the erasure the next number.
Status NoteErasure(Transaction::Range& system, Erasure erasure);

}  // namespace engram
