// What must not be done unseen, line by line: changes of tenants and keys, drops, erasures, and keys that were refused.
//
//   {"seq":7,"time":"2026-01-02T03:04:05.678Z","level":"info","event":"key.create","key":"admin","tenant":"acme",
//    "subject":"4fK2…","peer":"127.0.0.1","route":"POST /v1/admin/tenants/{tenant}/keys","status":200,"left_out":0,
//    "prev":"<64 hex digits>"}
//
// `prev` is the SHA-256 of the line before, without its newline, and 64 zeros in the first: a line that was changed,
// removed or put in breaks the chain from there on (`engram keys audit FILE` looks). That the end was cut off shows to
// who has kept a later line, or its hash, elsewhere. Keys stand here by their ids, never with their secrets.
//
// A file that is full is set aside (server/audit_files.h) and the chain goes on in the next one. The oldest are removed
// when there are too many, and the log says so first: what the removed lines ended with stands in a line.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"

namespace engram {

struct AuditEntry {
  std::string event;    // "tenant.create", "key.refused"
  std::string key;      // id of who did it; empty: nobody we know
  std::string tenant;   // whose it is
  std::string subject;  // what it was done to: a key's id, a namespace, a memory
  std::string peer;
  std::string route;  // method and pattern
  int status = 0;     // of the reply
};

class RequestContext;
// What is to be said of a request (RequestContext::Audit) that was answered with `status`.
AuditEntry AuditEntryOf(const RequestContext& context, std::string peer, int status);

struct AuditLogOptions {
  uint64_t file_bytes_max = uint64_t{64} << 20;  // a line may go beyond
  size_t files_max = 8;                          // with the one that is written to; two at least
};

// Thread-safe.
class AuditLog {
 public:
  // Goes on behind the last line of the file, which it makes with mode 0600. A line that a crash left unfinished is cut
  // off, and that is the next entry. Corruption when the last line is none of ours.
  static Result<std::unique_ptr<AuditLog>> Open(const std::string& path, const Clock& clock,
                                                const AuditLogOptions& options = {});
  // Writes what was appended.
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  // Of things that were done. `done` is called once, from the log's own thread, which must not wait there: the line is
  // on the disk, or why it is not. Those that come together are synced together.
  using Done = std::function<void(const Status& status)>;
  void Append(AuditEntry entry, Done done) EXCLUDES(mutex_);
  // The same, waited for.
  Status Append(const AuditEntry& entry) EXCLUDES(mutex_);
  // Of things that were refused: at most kRefusalsPerSecond lines, each saying how many were left out before it, and
  // not waited for.
  void NoteRefusal(const AuditEntry& entry) EXCLUDES(mutex_);
  // Unavailable while the last Append has failed: what must not be done unseen must not be done then. Tries again, but
  // not after a failed sync, which holds until the log is opened anew.
  Status CheckWritable() EXCLUDES(mutex_);

  static constexpr uint64_t kRefusalsPerSecond = 10;

 private:
  struct Pending {
    AuditEntry entry;
    Done done;
  };

  AuditLog(std::string path, int file, const Clock& clock, const AuditLogOptions& options)
      : path_(std::move(path)), clock_(clock), options_(options), file_(file) {}
  // Finds the end of the chain.
  Status Recover() EXCLUDES(mutex_);
  void Run();
  Status WriteAll(const std::vector<Pending>& batch) EXCLUDES(mutex_);
  Status Write(const AuditEntry& entry, uint64_t left_out) REQUIRES(mutex_);
  // Once for each file's length, and so held under the lock although it waits for the disk.
  Status Rotate() REQUIRES(mutex_);
  Status RemoveOldest() REQUIRES(mutex_);
  void NoteSyncFailed(const Status& failure) REQUIRES(mutex_);

  const std::string path_;
  const Clock& clock_;
  const AuditLogOptions options_;
  Mutex mutex_;
  CondVar wake_;
  std::vector<Pending> queue_ GUARDED_BY(mutex_);  // one of each request in flight at most
  bool stopping_ GUARDED_BY(mutex_) = false;
  int file_ GUARDED_BY(mutex_);  // closed by the log's own thread alone
  uint64_t next_ GUARDED_BY(mutex_) = 1;
  std::string last_hash_ GUARDED_BY(mutex_);
  Status failure_ GUARDED_BY(mutex_);
  bool sync_failed_ GUARDED_BY(mutex_) = false;
  uint64_t first_ GUARDED_BY(mutex_) = 1;      // line of the file
  uint64_t size_ GUARDED_BY(mutex_) = 0;       // of whole lines in it
  uint64_t rotate_at_ GUARDED_BY(mutex_) = 0;  // its size then
  std::chrono::nanoseconds second_ GUARDED_BY(mutex_){0};
  uint64_t refusals_ GUARDED_BY(mutex_) = 0;  // in that second
  uint64_t left_out_ GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

}  // namespace engram
