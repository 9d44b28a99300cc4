// What backups and the archive of the log take from an open store. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "engine/backup/backup_progress.h"
#include "engine/backup/store_contents.h"
#include "engine/erasure.h"
#include "engine/store_copies.h"

namespace engram {

// A copy of a store at one moment, by hard links in a folder inside the data folder, which goes with it.
class StagedStore {
 public:
  // `gone` is called when the folder is removed.
  StagedStore(std::string folder, std::function<void()> gone) : folder_(std::move(folder)), gone_(std::move(gone)) {}
  ~StagedStore();
  StagedStore(const StagedStore&) = delete;
  StagedStore& operator=(const StagedStore&) = delete;

  const std::string& folder() const { return folder_; }

  uint64_t position = 0;  // number of the store's last change (LoggedCommit)
  StoreContents contents;
  std::vector<std::string> files;  // "rows/…" and "segments/…", sorted

 private:
  std::string folder_;
  std::function<void()> gone_;
};

class BackupSource {
 public:
  virtual ~BackupSource() = default;

  virtual const std::string& data_dir() const = 0;
  // As it is now; traffic goes on. There is one at a time: waits for the end of another, until `progress` is cancelled.
  virtual Result<std::unique_ptr<StagedStore>> Stage(const BackupProgress& progress) = 0;
  virtual Result<std::vector<Erasure>> ListErasures(uint64_t from, size_t limit) const = 0;

  // See Store.
  virtual uint64_t LastChange() const = 0;
  virtual Result<std::string> Identity() const = 0;
  virtual Result<std::vector<LoggedCommit>> ReadLog(uint64_t after, uint64_t bytes_max) = 0;

  // The number that the next erasure gets: how many there are in the store's ledger.
  virtual Result<uint64_t> CountErasures() const = 0;

  // Erases again what is said to have been erased in this store, and all traces in files, as a restore does before
  // anybody may read. What is not there is fine.
  virtual Status EraseAgain(const std::vector<Erasure>& erasures) = 0;
};

}  // namespace engram
