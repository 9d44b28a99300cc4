// One line per answered request.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/timestamp.h"

namespace engram {

struct AccessRecord {
  std::string_view peer;
  std::string_view method;
  std::string_view path;   // without the query, which may hold what a user wrote, and secrets of keys
  std::string_view route;  // the pattern
  std::string_view tenant;
  std::string_view key;  // its id
  int status = 0;
  size_t body_bytes = 0;
  size_t reply_bytes = 0;
  std::chrono::nanoseconds took{0};
};

void LogAccess(const AccessRecord& record);
// A request refused before it had a method and a path.
void LogRefusal(std::string_view peer, int status, std::string_view why);
// What a handler threw: our bug, told to the client as "internal".
void LogHandlerFailure(std::string_view route, std::string_view what);
// What a reply of 500 keeps from the client.
void LogInternalError(std::string_view route, std::string_view what);
// A connection that was closed before it spoke TLS; `left_out` of them were not said before.
void LogHandshakeFailure(std::string_view peer, std::string_view why, uint64_t left_out);
// The certificate that connections are shown from now on.
void LogCertificate(std::string_view file, Timestamp expires_at, bool expired);
// Changed files that can't be used: what was used before goes on.
void LogCertificateUnusable(std::string_view file, std::string_view why);
void LogListen(std::string_view address, unsigned port);
void LogStop(std::string_view how);

}  // namespace engram
