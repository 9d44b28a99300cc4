// The first look at a request: refuses, byte by byte, whatever two HTTP parsers could read differently
// (request smuggling) and whatever a browser could be tricked into sending (DNS rebinding, CSRF).
//
// Stricter than RFC 9112 on purpose; the parser behind it accepts forms that must never reach it. Any refusal
// closes the connection. Pure functions over the head's bytes, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace engram {

// How the bytes after the head are framed.
struct RequestFraming {
  std::optional<uint64_t> content_length;
  bool chunked = false;
  bool expects_continue = false;
  bool keep_alive = true;

  bool has_body() const { return chunked || content_length.value_or(0) > 0; }
};

// Who may be spoken to, and from which web pages.
struct HostRules {
  std::vector<std::string> hosts;    // lower case, without port, IPv6 in brackets; "*" for any
  std::vector<std::string> origins;  // beside pages of the same host and port
};

// `head` is the request line and all fields, with the empty line at its end. InvalidArgument for a malformed or
// ambiguous head, kPermissionDenied for a foreign Host or Origin, kMethodNotAllowed for a method nobody serves,
// kHeadersTooLarge for too many fields.
Result<RequestFraming> GuardRequest(std::string_view head, const HostRules& rules);

// A look at the bytes so far, so that garbage is refused without waiting for the end of a head that may never
// come: InvalidArgument when they cannot become a head.
Status GuardPartialHead(std::string_view bytes);

}  // namespace engram
