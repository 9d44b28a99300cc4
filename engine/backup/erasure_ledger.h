// The ledger of erasures (engine/erasure.h) beside the backups of a store, where no restore takes it back.
//
//   line := "<number> <memory|namespace|tenant> <tenant> <namespace> <node> <position> <microseconds> <XXH3-64 of the
//            line up to here, 16 digits>" newline
//
// Lines are only ever appended; a last one that a crash left unfinished is cut off. Changes need the repository's lock.
#pragma once

#include <vector>

#include "base/status.h"
#include "engine/backup/backup_source.h"
#include "engine/backup/folder_beneath.h"
#include "engine/erasure.h"

namespace engram {

// From 0 without gaps. Corruption naming the line.
Result<std::vector<Erasure>> ReadErasureLedger(const FolderBeneath& folder);

// Adds what the store has noted since, durably; returns how many erasures it has then. FailedPrecondition when the
// ledger knows what the store does not: it is another store's, or that of a store that was restored by other means.
Result<uint64_t> ExtendErasureLedger(const BackupSource& source, const FolderBeneath& folder);

}  // namespace engram
