// The way back: a new data folder out of a repository, and the proof that a backup is one.
//
// While a restore is at work its folder holds a file RESTORING, and the engine does not open such a folder: nobody is
// served a store that is not whole, or that has memories again which were erased since the backup. A restore that was
// interrupted is begun anew in the same folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/backup/backup_repository.h"
#include "engine/backup/open_engine.h"

namespace engram {

// Makes `data_dir`, or takes one that is empty or holds a restore that was not finished, which goes. FailedPrecondition
// for any other.
Status BeginRestore(const std::string& data_dir);
// After this the folder is a store like any other.
Status EndRestore(const std::string& data_dir);

// What a restore could do without.
struct RestoredFiles {
  std::vector<std::string> missing_segments;  // with the reason; their indexes are built again from rows
};

// Puts the backup's files into the folder, each held against its digest, and compares what the store holds then with
// what it held. Corruption naming every file of rows that is missing or damaged. REQUIRES: BeginRestore.
Result<RestoredFiles> RestoreFiles(const BackupRepository& repository, const BackupListing& backup,
                                   const std::string& data_dir);

// Erases again what the repository's ledger says was erased after the copy in the folder was taken; returns how many
// erasures that were. `options` as the engine is opened with. REQUIRES: BeginRestore and all rows are there.
Result<uint64_t> EraseAgainAfter(const BackupRepository& repository, const EngineOptions& options);

struct RestoreReport {
  uint32_t backup = 0;
  BackupManifest manifest;
  std::vector<std::string> missing_segments;
  uint64_t erased_again = 0;
};

// All of it: the newest backup, or the one with this number, becomes the new folder options.data_dir.
Result<RestoreReport> RestoreBackup(const BackupRepository& repository, std::optional<uint32_t> backup,
                                    const EngineOptions& options);

struct VerifiedBackup {
  std::vector<std::string> problems;  // empty: it can be restored
  std::vector<std::string> missing_segments;
};

// Reads every file of the backup.
Result<VerifiedBackup> VerifyFiles(const BackupRepository& repository, const BackupListing& backup);
// Restores it into the folder `scratch`, which is made and removed, opens it and checks every namespace against its
// rows.
Result<VerifiedBackup> VerifyByRestore(const BackupRepository& repository, const BackupListing& backup,
                                       const std::string& scratch);

}  // namespace engram
