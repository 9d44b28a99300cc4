// A client that sends exactly the bytes it is told, to play proxies and attackers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace engram {

struct RawReply {
  int status = 0;
  std::string head;  // status line and fields
  std::string body;

  // The field's value; empty when absent.
  std::string Field(std::string_view name) const;
};

// Blocking; waits ten seconds at most for anything, then counts the connection as closed.
class RawClient {
 public:
  explicit RawClient(uint16_t port);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  // False when the peer no longer takes bytes.
  bool Send(std::string_view bytes);
  // No more bytes from us.
  void FinishSending();
  // The next reply; nothing when the connection ended before one came. 100 Continue counts as a reply.
  std::optional<RawReply> Read(bool with_body = true);
  // Send and Read.
  std::optional<RawReply> Call(std::string_view bytes);
  // True when the server ends the connection without another byte.
  bool IsClosed();

 private:
  bool Receive();

  int socket_;
  std::string received_;
};

// "GET /path HTTP/1.1" with a Host, `fields` (each "Name: value") and a Content-Length when there is a body.
std::string HttpText(std::string_view method, std::string_view target, std::string_view body = {},
                     std::initializer_list<std::string_view> fields = {});

}  // namespace engram
