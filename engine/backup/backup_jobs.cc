#include "engine/backup/backup_jobs.h"

#include "base/log.h"
#include "engine/backup/erasure_ledger.h"

namespace engram {
namespace {

constexpr std::chrono::seconds kLedgerInterval{2};

}  // namespace

BackupJobs::BackupJobs(BackupSource* source, BackupRepository repository, const BackupOptions& options)
    : source_(source), repository_(std::move(repository)), options_(options) {
  thread_ = std::thread([this] { Run(); });
}

BackupJobs::~BackupJobs() {
  progress_.cancelled = true;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  work_.NotifyAll();
  thread_.join();
}

Status BackupJobs::Start() {
  {
    const MutexLock lock(mutex_);
    if (state_.phase == BackupJobState::Phase::kRunning) return AlreadyExists("a backup is being taken already");
    state_ = {};
    state_.phase = BackupJobState::Phase::kRunning;
    state_.started_at = options_.clock->Now();
    progress_.bytes_done = 0;
    progress_.bytes_total = 0;
    progress_.cancelled = stopping_;
    wanted_ = true;
  }
  work_.NotifyAll();
  return {};
}

void BackupJobs::Cancel() {
  const MutexLock lock(mutex_);
  if (state_.phase == BackupJobState::Phase::kRunning) progress_.cancelled = true;
}

BackupJobState BackupJobs::state() const {
  const MutexLock lock(mutex_);
  BackupJobState state = state_;
  state.bytes_total = progress_.bytes_total;
  state.bytes_done = progress_.bytes_done;
  return state;
}

Result<PrunedBackups> BackupJobs::Prune(uint32_t keep) {
  ASSIGN_OR_RETURN(const FileBeneath lock, repository_.Lock());
  return repository_.Prune(keep);
}

void BackupJobs::Run() {
  while (true) {
    bool backup = false;
    {
      const MutexLock lock(mutex_);
      if (!wanted_ && !stopping_) work_.WaitFor(mutex_, kLedgerInterval);
      if (stopping_) return;
      backup = std::exchange(wanted_, false);
    }
    if (backup) Back();
    KeepLedger();
  }
}

void BackupJobs::Back() {
  const auto made = CreateBackup(*source_, repository_, options_, &progress_);
  if (made.ok()) {
    Log(LogLevel::kInfo, "backup_done",
        {{"backup", made->number}, {"position", made->manifest.position}, {"bytes", made->manifest.bytes()}});
  } else if (!progress_.cancelled) {
    Log(LogLevel::kError, "backup_failed", {{"error", made.status().ToString()}});
  }
  const MutexLock lock(mutex_);
  if (made.ok()) {
    state_.phase = BackupJobState::Phase::kDone;
    state_.backup = made->number;
  } else {
    state_.phase = progress_.cancelled ? BackupJobState::Phase::kCancelled : BackupJobState::Phase::kFailed;
    state_.error = made.status().message();
  }
}

void BackupJobs::KeepLedger() {
  const auto keep = [&]() -> Status {
    ASSIGN_OR_RETURN(const auto more, source_->ListErasures(erasures_kept_, 1));
    if (more.empty()) return {};
    const auto lock = repository_.Lock();
    // Somebody prunes, or backs up: next time.
    if (!lock.ok()) return lock.status().code() == StatusCode::kUnavailable ? Status() : lock.status();
    ASSIGN_OR_RETURN(erasures_kept_, ExtendErasureLedger(*source_, repository_.folder()));
    return {};
  };
  const Status status = keep();
  if (!status.ok() && !ledger_failed_) Log(LogLevel::kError, "erasures_not_kept", {{"error", status.ToString()}});
  ledger_failed_ = !status.ok();
}

}  // namespace engram
