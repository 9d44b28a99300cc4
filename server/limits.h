// What one connection and one process may take. All of it is configuration.
#pragma once

#include <chrono>
#include <cstddef>

namespace engram {

struct ServerLimits {
  size_t header_bytes = size_t{16} << 10;               // request line and header fields; beyond: 431
  size_t body_bytes = size_t{32} << 20;                 // also after decompression; beyond: 413
  size_t bodies_bytes = size_t{256} << 20;              // of all bodies at a time, but small ones; beyond: 429
  size_t connections = 4096;                            // beyond: closed at once
  size_t queued_requests = 1024;                        // heavy requests waiting for a worker; beyond: 429
  std::chrono::milliseconds handshake_deadline{5'000};  // of TLS, from the connection's first byte to its last
  std::chrono::milliseconds header_deadline{10'000};    // from the first byte of a request to its last header
  std::chrono::milliseconds idle_deadline{75'000};      // between two requests of a connection
  std::chrono::milliseconds body_deadline{10'000};      // a body may always take this long …
  size_t body_bytes_per_second = size_t{32} << 10;      // … and longer if it keeps this rate …
  std::chrono::milliseconds body_idle_deadline{5'000};  // … and never rests for so long
  std::chrono::milliseconds write_deadline{30'000};     // for a reply to be taken
  std::chrono::milliseconds request_deadline{60'000};   // for the handler; see RequestContext::Deadline()
  std::chrono::milliseconds position_wait{5'000};       // for min_position, where a read names no timeout_ms …
  std::chrono::milliseconds position_wait_max{30'000};  // … and where it names a longer one
  std::chrono::milliseconds drain{5'000};
};

}  // namespace engram
