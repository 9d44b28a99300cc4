// The backups of a server: one at a time on a thread of their own, which also keeps the ledger of erasures beside them
// up to date, so that an erasure is in the repository seconds after it was committed.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "base/mutex.h"
#include "base/status.h"
#include "engine/backup/backup_progress.h"
#include "engine/backup/backup_repository.h"
#include "engine/backup/backup_source.h"
#include "engine/backup/create_backup.h"

namespace engram {

struct BackupJobState {
  enum class Phase : uint8_t { kIdle, kRunning, kDone, kFailed, kCancelled };  // of the last one that was asked for
  Phase phase = Phase::kIdle;
  Timestamp started_at;
  uint64_t bytes_total = 0;
  uint64_t bytes_done = 0;
  uint32_t backup = 0;  // once it is done
  std::string error;    // once it failed
};

// Thread-safe.
class BackupJobs {
 public:
  // `source` must outlive it. Starts its thread.
  BackupJobs(BackupSource* source, BackupRepository repository, const BackupOptions& options);
  // Cancels what runs and waits for its end.
  ~BackupJobs();

  // Begins a backup, or says that one is running: AlreadyExists.
  Status Start() EXCLUDES(mutex_);
  // What is running ends soon; nothing when nothing is.
  void Cancel() EXCLUDES(mutex_);
  BackupJobState state() const EXCLUDES(mutex_);
  // Of its repository; Unavailable while a backup is running.
  Result<PrunedBackups> Prune(uint32_t keep) EXCLUDES(mutex_);
  const BackupRepository& repository() const { return repository_; }

 private:
  void Run();
  void Back() EXCLUDES(mutex_);
  // Logs a failure once until it works again.
  void KeepLedger();

  BackupSource* source_;
  const BackupRepository repository_;
  const BackupOptions options_;

  uint64_t erasures_kept_ = 0;  // of its thread, as is the next
  bool ledger_failed_ = false;

  mutable Mutex mutex_;
  CondVar work_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool wanted_ GUARDED_BY(mutex_) = false;
  BackupJobState state_ GUARDED_BY(mutex_);
  BackupProgress progress_;
  std::thread thread_;
};

}  // namespace engram
