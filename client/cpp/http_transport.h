// HTTP/1.1 over TCP with a pool of connections that are kept alive.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "client/cpp/transport.h"

namespace engram {

struct HttpTransportOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 7700;
  std::string key;  // sent as `Authorization: Bearer`; empty: none
  std::chrono::milliseconds connect_timeout{3'000};
  size_t idle_connections_max = 16;                // more are closed when they fall idle
  std::chrono::milliseconds idle_timeout{30'000};  // less than the server's, so that we seldom meet its farewell
  size_t reply_bytes_max = size_t{1} << 30;
};

// Connects when first used.
std::unique_ptr<Transport> NewHttpTransport(HttpTransportOptions options);

}  // namespace engram
