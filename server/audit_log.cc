#include "server/audit_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <future>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "base/log.h"
#include "server/audit_files.h"
#include "server/audit_line.h"
#include "server/request_context.h"

namespace engram {
namespace {

constexpr off_t kPieceBytes = off_t{64} << 10;  // more than any line of ours

std::string Reason() { return std::generic_category().message(errno); }

Status WriteBytes(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t size = ::write(file, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) {
      const StatusCode code = errno == ENOSPC || errno == EDQUOT ? StatusCode::kOutOfSpace : StatusCode::kUnavailable;
      return {code, fmt::format("the audit log can't be written: {}", Reason())};
    }
    bytes.remove_prefix(static_cast<size_t>(size));
  }
  return {};
}

Result<std::string> ReadPiece(int file, const std::string& path, off_t from, off_t size) {
  std::string piece(static_cast<size_t>(size), '\0');
  if (::pread(file, piece.data(), piece.size(), from) == static_cast<ssize_t>(piece.size())) return piece;
  return Unavailable(fmt::format("can't read the audit log {}: {}", path, Reason()));
}

Status CheckSynced(int file) {
  return ::fdatasync(file) == 0 ? Status() : Unavailable(fmt::format("the audit log can't be synced: {}", Reason()));
}

AuditEntry OwnEntry(std::string event, std::string subject = {}) {
  AuditEntry entry;
  entry.event = std::move(event);
  entry.subject = std::move(subject);
  return entry;
}

}  // namespace

AuditEntry AuditEntryOf(const RequestContext& context, std::string peer, int status) {
  AuditEntry entry;
  entry.key = context.credential().key_id;
  const std::string* tenant = context.FindPath("tenant");
  entry.tenant = tenant != nullptr ? *tenant : context.credential().tenant_name;
  if (context.audit_note()) {
    entry.event = context.audit_note()->event;
    entry.subject = context.audit_note()->subject;
  }
  entry.peer = std::move(peer);
  entry.route = fmt::format("{} {}", context.request().method, context.route().empty() ? "(none)" : context.route());
  entry.status = status;
  return entry;
}

Result<std::unique_ptr<AuditLog>> AuditLog::Open(const std::string& path, const Clock& clock,
                                                 const AuditLogOptions& options) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (file < 0) return Unavailable(fmt::format("can't open the audit log {}: {}", path, Reason()));
  std::unique_ptr<AuditLog> log(new AuditLog(path, file, clock, options));
  RETURN_IF_ERROR(log->Recover());
  log->thread_ = std::thread([raw = log.get()] { raw->Run(); });
  return log;
}

AuditLog::~AuditLog() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    wake_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
  ::close(file_);
}

Status AuditLog::Recover() {
  const MutexLock lock(mutex_);
  const off_t size = ::lseek(file_, 0, SEEK_END);
  const off_t from = std::max<off_t>(0, size - kPieceBytes);
  ASSIGN_OR_RETURN(const std::string tail, ReadPiece(file_, path_, from, size - from));
  const size_t whole = tail.rfind('\n') == std::string::npos ? 0 : tail.rfind('\n') + 1;
  const size_t torn = tail.size() - whole;
  if (whole == 0 && from > 0) return Corruption(fmt::format("the audit log {} ends in a line of no end", path_));
  if (torn > 0 && ::ftruncate(file_, size - static_cast<off_t>(torn)) != 0) {
    return Unavailable(fmt::format("can't cut the unfinished line off {}: {}", path_, Reason()));
  }
  size_ = static_cast<uint64_t>(size) - torn;
  rotate_at_ = options_.file_bytes_max;
  last_hash_ = NoAuditHash();
  if (whole > 0) {
    ASSIGN_OR_RETURN(const LastAuditLine last, ReadLastAuditLine(path_));
    ASSIGN_OR_RETURN(const std::string head,
                     ReadPiece(file_, path_, 0, std::min<off_t>(size - static_cast<off_t>(torn), kPieceBytes)));
    ASSIGN_OR_RETURN(const AuditLink first, ReadAuditLink(head.substr(0, head.find('\n'))));
    next_ = last.seq + 1;
    last_hash_ = last.hash;
    first_ = first.seq;
  } else {
    // A crash may have come before the first line of a file that follows others.
    ASSIGN_OR_RETURN(const std::vector<std::string> before, CompleteAuditFiles(path_));
    if (!before.empty()) {
      ASSIGN_OR_RETURN(const LastAuditLine last, ReadLastAuditLine(before.back()));
      next_ = last.seq + 1;
      last_hash_ = last.hash;
    }
    first_ = next_;
  }
  if (torn > 0) RETURN_IF_ERROR(Write(OwnEntry("audit.cut", fmt::format("{} bytes", torn)), 0));
  return {};
}

Status AuditLog::Write(const AuditEntry& entry, uint64_t left_out) {
  const std::string line = AuditLine({next_, last_hash_}, clock_.Now(), entry, left_out);
  if (Status written = WriteBytes(file_, line + "\n"); !written.ok()) {
    // Half a line must not stand before the next one.
    if (::ftruncate(file_, static_cast<off_t>(size_)) != 0) {
      return Unavailable(fmt::format("the audit log has half a line that can't be cut off: {}", Reason()));
    }
    return written;
  }
  size_ += line.size() + 1;
  ++next_;
  last_hash_ = AuditHash(line);
  return {};
}

void AuditLog::Append(AuditEntry entry, Done done) {
  const MutexLock lock(mutex_);
  queue_.push_back({std::move(entry), std::move(done)});
  wake_.NotifyAll();
}

Status AuditLog::Append(const AuditEntry& entry) {
  auto written = std::make_shared<std::promise<Status>>();
  auto status = written->get_future();
  Append(entry, [written](const Status& of_line) { written->set_value(of_line); });
  return status.get();
}

void AuditLog::Run() {
  while (true) {
    std::vector<Pending> batch;
    {
      const MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_ && size_ < rotate_at_) wake_.Wait(mutex_);
      if (queue_.empty() && stopping_) return;
      batch.swap(queue_);
    }
    const Status status = WriteAll(batch);
    if (!status.ok()) {
      Log(LogLevel::kError, "audit_failed",
          {{"entry", batch.empty() ? "" : batch.front().entry.event},
           {"entries", batch.size()},
           {"error", status.ToString()}});
    }
    for (const Pending& pending : batch) pending.done(status);
  }
}

Status AuditLog::WriteAll(const std::vector<Pending>& batch) {
  int file = -1;
  {
    const MutexLock lock(mutex_);
    if (size_ >= rotate_at_) {
      if (Status rotated = Rotate(); !rotated.ok()) {
        Log(LogLevel::kError, "audit_not_rotated", {{"file", path_}, {"error", rotated.ToString()}});
        rotate_at_ = std::max(rotate_at_, size_ + options_.file_bytes_max);
      }
    }
    Status written;
    for (const Pending& pending : batch) {
      if (written.ok()) written = Write(pending.entry, 0);
    }
    if (sync_failed_) return failure_;  // said of everything until the log is opened anew (base/file.h)
    failure_ = written;
    if (!written.ok()) return written;
    file = file_;
  }
  Status synced = CheckSynced(file);
  if (!synced.ok()) {
    const MutexLock lock(mutex_);
    NoteSyncFailed(synced);
  }
  return synced;
}

void AuditLog::NoteSyncFailed(const Status& failure) {
  failure_ = failure;
  sync_failed_ = true;
  rotate_at_ = UINT64_MAX;
}

Status AuditLog::Rotate() {
  if (Status synced = CheckSynced(file_); !synced.ok()) {
    NoteSyncFailed(synced);
    return synced;
  }
  FileSystem& files = FileSystem::Posix();
  const std::string complete = CompleteAuditFile(path_, first_);
  RETURN_IF_ERROR(files.Rename(path_, complete));
  const int next = ::open(path_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
  if (next < 0) {
    Status failed = Unavailable(fmt::format("can't make {}: {}", path_, Reason()));
    RETURN_IF_ERROR(files.Rename(complete, path_));
    return failed;
  }
  ::close(std::exchange(file_, next));
  size_ = 0;
  rotate_at_ = options_.file_bytes_max;
  first_ = next_;
  RETURN_IF_ERROR(Write(OwnEntry("audit.rotated", complete.substr(complete.rfind('/') + 1)), 0));
  RETURN_IF_ERROR(files.SyncDirectory(ParentDirectory(path_)));
  return RemoveOldest();
}

// The line that says so is on the disk before the file goes.
Status AuditLog::RemoveOldest() {
  ASSIGN_OR_RETURN(std::vector<std::string> complete, CompleteAuditFiles(path_));
  const size_t kept_max = std::max<size_t>(options_.files_max, 2) - 1;
  for (size_t i = 0; complete.size() - i > kept_max; ++i) {
    ASSIGN_OR_RETURN(const LastAuditLine last, ReadLastAuditLine(complete[i]));
    RETURN_IF_ERROR(Write(AuditRemoval(last.seq, last.hash), 0));
    RETURN_IF_ERROR(CheckSynced(file_));
    RETURN_IF_ERROR(FileSystem::Posix().Remove(complete[i]));
  }
  return {};
}

void AuditLog::NoteRefusal(const AuditEntry& entry) {
  const auto second = std::chrono::duration_cast<std::chrono::seconds>(clock_.Monotonic());
  const MutexLock lock(mutex_);
  if (second != second_) {
    second_ = second;
    refusals_ = 0;
  }
  if (refusals_ >= kRefusalsPerSecond) {
    ++left_out_;
    return;
  }
  ++refusals_;
  if (Write(entry, left_out_).ok()) left_out_ = 0;
  if (size_ >= rotate_at_) wake_.NotifyAll();
}

Status AuditLog::CheckWritable() {
  const MutexLock lock(mutex_);
  // A sync that failed once would say OK about lines that are lost (base/file.h).
  if (!failure_.ok() && !sync_failed_) failure_ = Write(OwnEntry("audit.resumed"), 0);
  return failure_.ok() ? Status() : Unavailable("nothing is changed while the audit log can't be written");
}

}  // namespace engram
