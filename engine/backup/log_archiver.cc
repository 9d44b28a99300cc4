#include "engine/backup/log_archiver.h"

#include <fmt/format.h>

#include "base/coding.h"
#include "base/file.h"
#include "base/log.h"
#include "engine/backup/create_backup.h"
#include "engine/backup/erasure_ledger.h"
#include "engine/keys.h"

namespace engram {
namespace {

constexpr const char* kIdentityFile = "identity";

std::string LogTimeKey() { return keys::Scope(keys::kSystemTenant, keys::kDirectory) + keys::kLogTime; }

// The files of the log, in order.
Result<std::vector<ArchivedRange>> ListLog(const FolderBeneath& folder) {
  ASSIGN_OR_RETURN(const auto names, folder.List("log"));
  std::vector<ArchivedRange> ranges;
  for (const std::string& name : names) {
    if (const auto range = ParseArchivedFileName(name)) ranges.push_back(*range);
  }
  return ranges;
}

}  // namespace

Result<std::unique_ptr<LogArchiver>> LogArchiver::Open(BackupSource* source, const std::string& folder,
                                                       const ArchiverOptions& options) {
  RETURN_IF_ERROR(FileSystem::Posix().CreateDirectory(folder));
  ASSIGN_OR_RETURN(FolderBeneath opened, FolderBeneath::Open(folder));
  RETURN_IF_ERROR(opened.MakeFolder("log"));
  ASSIGN_OR_RETURN(BackupRepository base, BackupRepository::OpenOrMake(folder + "/base"));
  auto archiver = std::unique_ptr<LogArchiver>(new LogArchiver(source, std::move(opened), std::move(base), options));
  RETURN_IF_ERROR(archiver->CheckIdentity());
  RETURN_IF_ERROR(archiver->Resume());
  return archiver;
}

Status LogArchiver::CheckIdentity() {
  ASSIGN_OR_RETURN(identity_, source_->Identity());
  const auto known = folder_.ReadAll(kIdentityFile, 4'096);
  if (!known.ok()) {
    if (known.status().code() != StatusCode::kNotFound) return known.status();
    return folder_.Replace(kIdentityFile, identity_);
  }
  if (*known == identity_) return {};
  return FailedPrecondition(fmt::format(
      "{} is the archive of another store, or of this one before it was restored: give a new folder", folder_.path()));
}

Status LogArchiver::Resume() {
  const MutexLock lock(working_);
  ASSIGN_OR_RETURN(const auto names, folder_.List("log"));
  for (const std::string& name : names) {
    if (name.ends_with(".part")) RETURN_IF_ERROR(folder_.Remove("log/" + name));
  }
  ASSIGN_OR_RETURN(const auto bases, base_.List());
  if (bases.empty() || !bases.back().damage.ok()) return TakeBase();
  ASSIGN_OR_RETURN(const auto ranges, ListLog(folder_));
  last_ = ranges.empty() ? bases.back().manifest.position : ranges.back().last;
  last_time_ = bases.back().manifest.log_time;
  last_base_micros_ = bases.back().manifest.created_at.micros;
  if (source_->LastChange() >= last_) return {};
  return FailedPrecondition(fmt::format("{} has come to change {}, the store to {}: it has lost some, or is another",
                                        folder_.path(), last_, source_->LastChange()));
}

LogArchiver::~LogArchiver() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  stop_.NotifyAll();
  const bool started = thread_.joinable();
  if (started) thread_.join();
  progress_.cancelled = true;
  if (base_thread_.joinable()) base_thread_.join();
  if (!started) return;
  if (const Status status = Archive(); !status.ok()) {
    Log(LogLevel::kError, "archive_failed", {{"error", status.ToString()}});
  }
}

void LogArchiver::Start() {
  thread_ = std::thread([this] { Run(); });
}

void LogArchiver::Run() {
  while (true) {
    const Status status = Archive();
    if (!status.ok()) Log(LogLevel::kError, "archive_failed", {{"error", status.ToString()}});
    const MutexLock lock(mutex_);
    if (!stopping_) stop_.WaitFor(mutex_, options_.interval);
    if (stopping_) return;
  }
}

ArchiverState LogArchiver::state() const {
  const MutexLock lock(mutex_);
  return state_;
}

Status LogArchiver::Archive() {
  const MutexLock lock(working_);
  const Timestamp now = options_.clock->Now();
  Status status = ArchiveOnce();
  const MutexLock state_lock(mutex_);
  state_.archived = last_;
  if (status.ok()) {
    state_.complete_at = now;
    state_.failures = 0;
  } else {
    ++state_.failures;
  }
  return status;
}

Status LogArchiver::ArchiveOnce() {
  RETURN_IF_ERROR(KeepLedger());
  const uint64_t end = source_->LastChange();
  while (last_ < end) {
    auto commits = source_->ReadLog(last_, options_.file_bytes);
    if (!commits.ok() && commits.status().code() == StatusCode::kPositionExpired) {
      Log(LogLevel::kError, "archive_gap", {{"after", last_}, {"error", commits.status().ToString()}});
      {
        const MutexLock lock(mutex_);
        ++state_.gaps;
      }
      return TakeBase();
    }
    if (!commits.ok()) return commits.status();
    if (commits->empty()) return Unavailable(fmt::format("nothing is read of the log after change {}", last_));
    RETURN_IF_ERROR(WriteFile(*std::move(commits)));
  }
  const auto age = std::chrono::microseconds(options_.clock->Now().micros - last_base_micros_);
  if (age >= options_.base_interval) StartBase();
  return {};
}

void LogArchiver::StartBase() {
  if (progress_.cancelled || making_base_.exchange(true)) return;
  if (base_thread_.joinable()) base_thread_.join();
  base_thread_ = std::thread([this] {
    const auto made = MakeBase();
    if (!made.ok() && !progress_.cancelled) {
      Log(LogLevel::kError, "archive_base_failed", {{"error", made.status().ToString()}});
    }
    making_base_ = false;
  });
}

Status LogArchiver::WriteFile(std::vector<LoggedCommit> commits) {
  const std::string key = LogTimeKey();
  std::vector<ArchivedCommit> archived;
  for (LoggedCommit& commit : commits) {
    ASSIGN_OR_RETURN(const auto time, StoreCopies::PutByCommit(commit.bytes, key));
    if (time) last_time_ = Timestamp{ByteReader(*time).KeySigned64()};
    archived.push_back({std::move(commit), last_time_});
  }
  const ArchivedRange range{archived.front().commit.first, archived.back().commit.last};
  RETURN_IF_ERROR(folder_.Replace("log/" + ArchivedFileName(range), FormatArchivedLog(identity_, archived)));
  last_ = range.last;
  return {};
}

Result<BackupListing> LogArchiver::MakeBase() {
  BackupOptions options;
  options.include_key_secret = options_.include_key_secret;
  options.clock = options_.clock;
  ASSIGN_OR_RETURN(BackupListing made, CreateBackup(*source_, base_, options, &progress_));
  last_base_micros_ = made.manifest.created_at.micros;
  const auto lock = base_.Lock();
  if (!lock.ok()) return lock.status();
  RETURN_IF_ERROR(base_.Prune(options_.bases).status());
  RETURN_IF_ERROR(RemoveOldLog());
  return made;
}

Status LogArchiver::TakeBase() {
  ASSIGN_OR_RETURN(const BackupListing made, MakeBase());
  // The log goes on where it was, so that older bases lead as far; behind the base where that is gone.
  const bool follows = last_ != 0 && source_->ReadLog(last_, 1).ok();
  if (!follows) last_ = made.manifest.position;
  last_time_ = made.manifest.log_time;
  return {};
}

Status LogArchiver::RemoveOldLog() {
  ASSIGN_OR_RETURN(const auto bases, base_.List());
  if (bases.empty() || !bases.front().damage.ok()) return {};
  ASSIGN_OR_RETURN(const auto ranges, ListLog(folder_));
  for (const ArchivedRange& range : ranges) {
    if (range.last > bases.front().manifest.position) break;
    RETURN_IF_ERROR(folder_.Remove("log/" + ArchivedFileName(range)));
  }
  return {};
}

Status LogArchiver::KeepLedger() {
  ASSIGN_OR_RETURN(const auto more, source_->ListErasures(erasures_kept_, 1));
  if (more.empty()) return {};
  const auto lock = base_.Lock();
  if (!lock.ok()) return lock.status().code() == StatusCode::kUnavailable ? Status() : lock.status();
  ASSIGN_OR_RETURN(erasures_kept_, ExtendErasureLedger(*source_, base_.folder()));
  return {};
}

}  // namespace engram
