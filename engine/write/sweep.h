// Removing what is due: decided again here, against the log time, whatever the sweep's scan saw.
#pragma once

#include <vector>

#include "engine/write/transaction.h"

namespace engram {

// Memories removed by one mutation at the most; the expiry rows of the rest stay for the next sweep.
constexpr size_t kSweepRowsMax = 10'000;

Status ApplySweep(Transaction& tx, const SweepExpired& sweep, std::vector<OperationResult>* results);

}  // namespace engram
