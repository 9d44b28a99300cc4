// One HTTP exchange, however it travels: the seam between the client's meaning and the socket. The network is
// client/cpp/http_transport.h; a program that holds a store itself may hand the request over directly.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"

namespace engram {

// The body, if any, is application/x-protobuf, and so is the reply that is wanted.
struct WireRequest {
  std::string method;
  std::string target;  // path and query, percent-encoded
  std::string body;
  bool snappy = false;          // how `body` is encoded
  std::string idempotency_key;  // writes only
};

struct WireReply {
  int status = 0;
  std::string content_type;
  std::string body;
  std::optional<uint32_t> retry_after_seconds;
};

using Deadline = std::chrono::steady_clock::time_point;

// Thread-safe.
class Transport {
 public:
  virtual ~Transport() = default;

  // A reply of any status is a reply. Unavailable when there is none: applied() is kNo if the request never left,
  // kUnknown otherwise. DeadlineExceeded when `deadline` passes first.
  virtual Result<WireReply> Send(const WireRequest& request, Deadline deadline) = 0;
};

}  // namespace engram
