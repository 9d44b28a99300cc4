// The store as it was at one moment, out of an archive of its log (log_archiver.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"
#include "base/timestamp.h"
#include "engine/backup/restore.h"

namespace engram {

// Neither: as far as the archive goes.
struct RestoreTarget {
  std::optional<uint64_t> position;  // the last commit that ends at this change of the store or before
  std::optional<Timestamp> time;     // the last commit whose log time is this or before
};

struct ArchiveRestoreReport {
  RestoreReport base;
  uint64_t position = 0;  // number of the last change that was restored
  Timestamp time;         // its log time
  uint64_t commits = 0;   // repeated behind the base
};

// Takes the last base before the target and repeats the log up to it, each commit whole or not at all, then erases what
// the ledger says was erased later. FailedPrecondition when the archive does not go back or on so far; Corruption
// naming the file that is damaged, or where the log has a gap.
Result<ArchiveRestoreReport> RestoreArchive(const std::string& folder, const RestoreTarget& target,
                                            const EngineOptions& options);

}  // namespace engram
