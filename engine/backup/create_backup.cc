#include "engine/backup/create_backup.h"

#include <fmt/format.h>

#include "base/file.h"
#include "engine/backup/erasure_ledger.h"

namespace engram {

Result<BackupListing> CreateBackup(BackupSource& source, const BackupRepository& repository,
                                   const BackupOptions& options, BackupProgress* progress) {
  ASSIGN_OR_RETURN(const FileBeneath lock, repository.Lock());
  RETURN_IF_ERROR(repository.Sweep().status());
  // Refuses another store's repository before anything is copied into it.
  RETURN_IF_ERROR(ExtendErasureLedger(source, repository.folder()).status());

  BackupListing made;
  made.manifest.created_at = options.clock->Now();
  ASSIGN_OR_RETURN(made.manifest.identity, source.Identity());
  ASSIGN_OR_RETURN(const auto staged, source.Stage(*progress));
  made.manifest.position = staged->position;
  made.manifest.log_time = staged->contents.log_time;
  made.manifest.erasures = staged->contents.erasures;
  made.manifest.namespaces = staged->contents.namespaces;
  made.manifest.memories = staged->contents.memories;

  const FileSystem& files = FileSystem::Posix();
  uint64_t total = 0;
  for (const std::string& file : staged->files) {
    ASSIGN_OR_RETURN(const uint64_t size, files.FileSize(staged->folder() + '/' + file));
    total += size;
  }
  progress->bytes_total = total;
  ASSIGN_OR_RETURN(BackupFile contents, repository.KeepBytes(staged->contents.lines, kContentsFile));
  made.manifest.files.push_back(std::move(contents));
  if (options.include_key_secret) {
    const std::string secret = source.data_dir() + '/' + std::string(kKeySecretFile);
    ASSIGN_OR_RETURN(const bool exists, files.Exists(secret));
    if (exists) {
      ASSIGN_OR_RETURN(BackupFile file, repository.Keep(secret, std::string(kKeySecretFile), progress));
      made.manifest.files.push_back(std::move(file));
    }
  }
  for (const std::string& name : staged->files) {
    ASSIGN_OR_RETURN(BackupFile file, repository.Keep(staged->folder() + '/' + name, name, progress));
    made.manifest.files.push_back(std::move(file));
  }
  // The ledger must know all that this copy knows before the copy counts.
  RETURN_IF_ERROR(ExtendErasureLedger(source, repository.folder()).status());
  RETURN_IF_ERROR(progress->Check());
  ASSIGN_OR_RETURN(made.number, repository.Publish(made.manifest));
  return made;
}

}  // namespace engram
