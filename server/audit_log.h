// What must not be done unseen, line by line: changes of tenants and keys, drops, erasures, and keys that were refused.
//
//   {"seq":7,"time":"2026-01-02T03:04:05.678Z","level":"info","event":"key.create","key":"admin","tenant":"acme",
//    "subject":"4fK2…","peer":"127.0.0.1","route":"POST /v1/admin/tenants/{tenant}/keys","status":200,"left_out":0,
//    "prev":"<64 hex digits>"}
//
// `prev` is the SHA-256 of the line before, without its newline, and 64 zeros in the first: a line that was changed,
// removed or put in breaks the chain from there on (`engram keys audit FILE` looks). That the end was cut off shows to
// who has kept a later line, or its hash, elsewhere. Keys stand here by their ids, never with their secrets.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

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

// Thread-safe.
class AuditLog {
 public:
  // Goes on behind the last line of the file, which it makes with mode 0600. A line that a crash left unfinished is cut
  // off, and that is the next entry. Corruption when the last line is none of ours.
  static Result<std::unique_ptr<AuditLog>> Open(const std::string& path, const Clock& clock);
  ~AuditLog();
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  // Of things that were done: on the disk when this returns.
  Status Append(const AuditEntry& entry) EXCLUDES(mutex_);
  // Of things that were refused: at most kRefusalsPerSecond lines, each saying how many were left out before it, and
  // not waited for.
  void NoteRefusal(const AuditEntry& entry) EXCLUDES(mutex_);
  // Unavailable while the last Append has failed: what must not be done unseen must not be done then. Tries again, but
  // not after a failed sync.
  Status CheckWritable() EXCLUDES(mutex_);

  static constexpr uint64_t kRefusalsPerSecond = 10;

 private:
  AuditLog(int file, const Clock& clock) : file_(file), clock_(clock) {}
  Status Write(const AuditEntry& entry, uint64_t left_out) REQUIRES(mutex_);

  const int file_;
  const Clock& clock_;
  Mutex mutex_;
  uint64_t next_ GUARDED_BY(mutex_) = 1;
  std::string last_hash_ GUARDED_BY(mutex_);
  Status failure_ GUARDED_BY(mutex_);
  bool sync_failed_ GUARDED_BY(mutex_) = false;
  uint64_t size_ GUARDED_BY(mutex_) = 0;  // of whole lines
  std::chrono::nanoseconds second_ GUARDED_BY(mutex_){0};
  uint64_t refusals_ GUARDED_BY(mutex_) = 0;  // in that second
  uint64_t left_out_ GUARDED_BY(mutex_) = 0;
};

struct AuditCheck {
  uint64_t lines = 0;
  std::string last_hash;
};
// Corruption naming the first line that does not follow from the one before.
Result<AuditCheck> VerifyAuditLog(const std::string& path);

}  // namespace engram
