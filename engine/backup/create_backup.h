// Taking a backup: a consistent copy of an open store into a repository, beside all traffic.
#pragma once

#include <cstdint>

#include "base/clock.h"
#include "base/status.h"
#include "engine/backup/backup_progress.h"
#include "engine/backup/backup_repository.h"
#include "engine/backup/backup_source.h"

namespace engram {

struct BackupOptions {
  // The secret that API keys are hashed under: with it a copy of the repository is worth as much as the data folder.
  bool include_key_secret = false;
  const Clock* clock = &Clock::Real();
};

// The store at one moment (the manifest's position) becomes the repository's next backup; only what no backup has yet
// is copied. Reads all files of the store. The ledger of erasures beside the backups is brought up to date. Unavailable
// while somebody else works in the repository, or once it is cancelled; whatever fails, no backup is there in part.
Result<BackupListing> CreateBackup(BackupSource& source, const BackupRepository& repository,
                                   const BackupOptions& options, BackupProgress* progress);

}  // namespace engram
