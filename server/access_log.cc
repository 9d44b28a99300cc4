#include "server/access_log.h"

#include "base/log.h"
#include "server/api_key.h"

namespace engram {

void LogAccess(const AccessRecord& record) {
  Log(LogLevel::kInfo, "request",
      {{"peer", record.peer},
       {"method", record.method},
       {"path", WithoutSecrets(record.path)},
       {"route", record.route},
       {"tenant", record.tenant},
       {"key", record.key},
       {"status", record.status},
       {"body_bytes", record.body_bytes},
       {"reply_bytes", record.reply_bytes},
       {"took_us", std::chrono::duration_cast<std::chrono::microseconds>(record.took).count()}});
}

void LogRefusal(std::string_view peer, int status, std::string_view why) {
  Log(LogLevel::kInfo, "refused", {{"peer", peer}, {"status", status}, {"why", WithoutSecrets(why)}});
}

void LogHandlerFailure(std::string_view route, std::string_view what) {
  Log(LogLevel::kError, "handler_failed", {{"route", route}, {"what", what}});
}

void LogInternalError(std::string_view route, std::string_view what) {
  Log(LogLevel::kError, "internal_error", {{"route", route}, {"what", what}});
}

void LogHandshakeFailure(std::string_view peer, std::string_view why, uint64_t left_out) {
  Log(LogLevel::kWarning, "tls_refused", {{"peer", peer}, {"why", why}, {"left_out", left_out}});
}

void LogCertificate(std::string_view file, Timestamp expires_at, bool expired) {
  Log(expired ? LogLevel::kError : LogLevel::kInfo, expired ? "tls_certificate_expired" : "tls_certificate",
      {{"file", file}, {"expires_at", FormatRfc3339(expires_at)}});
}

void LogCertificateUnusable(std::string_view file, std::string_view why) {
  Log(LogLevel::kError, "tls_reload_failed", {{"file", file}, {"why", why}, {"goes_on_with", "the one before"}});
}

void LogListen(std::string_view address, unsigned port) {
  Log(LogLevel::kInfo, "listen", {{"address", address}, {"port", port}});
}

void LogStop(std::string_view how) { Log(LogLevel::kInfo, "stop", {{"how", how}}); }

}  // namespace engram
