// A folder of backups: each file once, whatever backups it belongs to.
//
//   LOCK                                held by who changes anything
//   backups/<number>.manifest           a backup; it counts when this is there
//   files/<2 digits>/<sha256>           a file's bytes, under their SHA-256
//   erasures                            the ledger (erasure_ledger.h)
//   <name>.part                         half-written: swept when the next backup begins, as are files of no backup
//
// What is in the folder is data: numbers and digests name files, links are not followed (folder_beneath.h), every file
// is held against its size and digest when it is read. Thread-safe; changes need the lock.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/backup/backup_manifest.h"
#include "engine/backup/backup_progress.h"
#include "engine/backup/folder_beneath.h"

namespace engram {

struct BackupListing {
  uint32_t number = 0;
  BackupManifest manifest;
  Status damage;  // of its manifest
};

struct PrunedBackups {
  std::vector<uint32_t> backups;
  uint64_t files = 0;
  uint64_t bytes = 0;
};

class BackupRepository {
 public:
  // NotFound when the folder is not there.
  static Result<BackupRepository> Open(const std::string& path);
  // Makes it where it is not there. FailedPrecondition for a folder that holds something else.
  static Result<BackupRepository> OpenOrMake(const std::string& path);

  const std::string& path() const { return folder_.path(); }
  const FolderBeneath& folder() const { return folder_; }

  // Unavailable while somebody else holds it.
  Result<FileBeneath> Lock() const { return folder_.Lock("LOCK"); }

  // By number.
  Result<std::vector<BackupListing>> List() const;
  // NotFound, or Corruption of its manifest. No number: the newest, NotFound when there is none.
  Result<BackupListing> Read(std::optional<uint32_t> number) const;

  // --- With the lock held.
  // Copies the file unless its bytes are there; tells its size and digest.
  Result<BackupFile> Keep(const std::string& from, const std::string& as, BackupProgress* progress) const;
  Result<BackupFile> KeepBytes(std::string_view bytes, std::string_view as) const;
  // Makes all that was kept a backup, with the next number, durably.
  Result<uint32_t> Publish(const BackupManifest& manifest) const;
  // Removes what is half-written and files that belong to no backup.
  Result<PrunedBackups> Sweep() const;
  // Removes all but the newest `keep` backups that are sound, and what only they had. REQUIRES: keep > 0.
  Result<PrunedBackups> Prune(uint32_t keep) const;

  // Reads a file and hands its bytes on, in order. Corruption naming the file when it is missing, shorter, longer or
  // other than the manifest says.
  using ByteSink = std::function<Status(std::string_view bytes)>;
  Status ReadFile(const BackupFile& file, const ByteSink& sink) const;

 private:
  explicit BackupRepository(FolderBeneath folder) : folder_(std::move(folder)) {}
  // Durably gives `name`.part its name under files/.
  Status Adopt(const std::string& part, const BackupFile& file) const;
  Result<bool> Has(const BackupFile& file) const;

  FolderBeneath folder_;
};

}  // namespace engram
