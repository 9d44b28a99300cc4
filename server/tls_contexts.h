// What the server's TLS connections have in common: certificate, key, and what is spoken. Private to server/.
//
// TLS 1.3, and 1.2 with ECDHE and an AEAD, by OpenSSL: no compression, no renegotiation, no early data, and no
// resumption (connections are kept alive instead, and there are no ticket keys to rotate or to steal). A certificate is
// renewed by replacing its files; connections that are there keep the one they began with.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "server/server.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace engram {

// Thread-safe.
class TlsContexts {
 public:
  // InvalidArgument naming the file that is none or does not fit the others, FailedPrecondition for a key that others
  // may read; NotFound and others as the file system says.
  static Result<std::unique_ptr<TlsContexts>> Load(const TlsFiles& files, const Clock& clock);

  // For a new connection. Looks once a second at most whether the files have changed; where they can't be used, the log
  // says why, and what was loaded before goes on.
  std::shared_ptr<ssl_ctx_st> Current() EXCLUDES(mutex_);
  // The same look now, whenever the last one was.
  void Reload() EXCLUDES(mutex_);

  // When the certificate in use expires, and whether the files were unusable at the last look.
  std::vector<Gauge> Gauges() EXCLUDES(mutex_);

  // A line in the log about a handshake that failed; a few each second, with the number of those left out.
  void NoteFailure(std::string_view peer, std::string_view why) EXCLUDES(mutex_);

 private:
  struct Loaded {
    std::shared_ptr<ssl_ctx_st> context;
    Timestamp expires_at;
  };

  TlsContexts(TlsFiles files, const Clock& clock) : files_(std::move(files)), clock_(clock) {}
  static Result<Loaded> LoadFiles(const TlsFiles& files);
  // Tells whether the files are those of an earlier look.
  std::string Stamp() const;
  void Look() EXCLUDES(mutex_);

  const TlsFiles files_;
  const Clock& clock_;
  Mutex mutex_;
  Loaded current_ GUARDED_BY(mutex_);
  bool unusable_ GUARDED_BY(mutex_) = false;
  std::string stamp_ GUARDED_BY(mutex_);
  std::chrono::nanoseconds looked_at_ GUARDED_BY(mutex_){0};
  std::chrono::seconds second_ GUARDED_BY(mutex_){0};  // the one that failures_ counts
  uint64_t failures_ GUARDED_BY(mutex_) = 0;
  uint64_t left_out_ GUARDED_BY(mutex_) = 0;
};

}  // namespace engram
