// The continuous archive of a store: everything that commits, within seconds, outside its data folder.
//
//   <folder>/base/                     backups to start from (backup_repository.h), and the ledger of erasures
//   <folder>/log/<first>-<last>.log    what was committed since (archived_log.h), without a gap since the oldest base
//   <folder>/identity                  of the store that it is of
//
// Only commits that are on the disk are archived, so the archive never knows more than the store does after a crash.
// Each file is synced before it gets its name; what a crash left half-written is removed and read again from the
// write-ahead log, which RocksDB keeps for as long as `keep_log_bytes` of OpenedFor says. Where that was not enough,
// there is a gap: that is logged as an error, and a new base is taken.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <thread>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"
#include "engine/backup/archived_log.h"
#include "engine/backup/backup_progress.h"
#include "engine/backup/backup_repository.h"
#include "engine/backup/backup_source.h"

namespace engram {

struct ArchiverOptions {
  std::chrono::milliseconds interval{10'000};  // the archive is behind by so much, and the time to write it
  uint64_t file_bytes = uint64_t{64} << 20;    // of one file, about
  std::chrono::hours base_interval{24};
  uint32_t bases = 2;  // older ones go, and the log before them
  bool include_key_secret = false;
  const Clock* clock = &Clock::Real();
};

struct ArchiverState {
  uint64_t archived = 0;  // number of the last change that is in the archive
  Timestamp complete_at;  // all that was committed before is in it
  uint64_t gaps = 0;      // since the start
  uint64_t failures = 0;  // in a row
};

// Thread-safe.
class LogArchiver {
 public:
  // Takes the first base if there is none. FailedPrecondition when the folder is another store's archive. `source` must
  // outlive it. Starts no thread.
  static Result<std::unique_ptr<LogArchiver>> Open(BackupSource* source, const std::string& folder,
                                                   const ArchiverOptions& options);
  ~LogArchiver();

  // Archives every `interval` from now on, until the end of its life, which archives what is left.
  void Start();
  // Archives all that is committed now.
  Status Archive() EXCLUDES(working_);
  ArchiverState state() const EXCLUDES(mutex_);

 private:
  LogArchiver(BackupSource* source, FolderBeneath folder, BackupRepository base, const ArchiverOptions& options)
      : source_(source), folder_(std::move(folder)), base_(std::move(base)), options_(options) {}

  void Run();
  Status Resume() EXCLUDES(working_);
  Status CheckIdentity();
  // A further base, and what older ones need no more goes. Beside archiving.
  Result<BackupListing> MakeBase();
  void StartBase() REQUIRES(working_);
  // The same for a log that goes on behind it.
  Status TakeBase() REQUIRES(working_);
  Status ArchiveOnce() REQUIRES(working_);
  Status WriteFile(std::vector<LoggedCommit> commits) REQUIRES(working_);
  Status RemoveOldLog();
  Status KeepLedger() REQUIRES(working_);

  BackupSource* source_;
  const FolderBeneath folder_;
  const BackupRepository base_;
  const ArchiverOptions options_;
  std::string identity_;

  Mutex working_;  // held over disk accesses: one archives at a time
  uint64_t last_ GUARDED_BY(working_) = 0;
  Timestamp last_time_ GUARDED_BY(working_);
  uint64_t erasures_kept_ GUARDED_BY(working_) = 0;
  BackupProgress progress_;
  std::atomic<int64_t> last_base_micros_ = 0;
  std::atomic<bool> making_base_ = false;

  mutable Mutex mutex_;
  CondVar stop_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  ArchiverState state_ GUARDED_BY(mutex_);
  std::thread thread_;
  std::thread base_thread_;  // started under working_
};

}  // namespace engram
