// HTTP/1.1 over TCP, or TLS over it, with a pool of connections that are kept alive.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "client/cpp/transport.h"

namespace engram {

// PEM files; the server must show a certificate for the host that it is called by.
struct TlsClientOptions {
  std::string ca_file;           // who may have signed it; empty: whom this system trusts
  std::string certificate_file;  // what we show, where the server asks for it; with `key_file`, or both empty
  std::string key_file;
};

struct HttpTransportOptions {
  std::string host = "127.0.0.1";
  uint16_t port = 7700;
  std::optional<TlsClientOptions> tls;  // nothing: plain HTTP
  std::string key;                      // sent as `Authorization: Bearer`; empty: none
  std::chrono::milliseconds connect_timeout{3'000};
  size_t idle_connections_max = 16;                // more are closed when they fall idle
  std::chrono::milliseconds idle_timeout{30'000};  // less than the server's, so that we seldom meet its farewell
  size_t reply_bytes_max = size_t{1} << 30;
};

// Connects when first used. InvalidArgument naming a file of `tls` that can't be used.
Result<std::unique_ptr<Transport>> NewHttpTransport(HttpTransportOptions options);

}  // namespace engram
