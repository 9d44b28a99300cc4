// Where a server listens or is reached, as people write it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"

namespace engram {

inline constexpr uint16_t kDefaultPort = 7700;

struct HostPort {
  std::string host;
  uint16_t port = kDefaultPort;
};

// "127.0.0.1:7700", "[::1]:7700", "localhost:7700", "127.0.0.1" (port 7700) or "7700" (127.0.0.1).
// InvalidArgument names the text.
Result<HostPort> ParseHostPort(std::string_view text);

// Whether only this machine can reach an IP address.
bool IsLoopbackAddress(std::string_view address);

struct ServerUrl {
  std::string host;
  uint16_t port = kDefaultPort;
  bool tls = false;
};

// The same, also as "http://host:port" or "https://host:port". Any other scheme is InvalidArgument.
Result<ServerUrl> ParseServerUrl(std::string_view url);

}  // namespace engram
