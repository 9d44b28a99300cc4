// One kept-alive HTTP/1.1 connection to a server on this machine, as cheap as a client can be: requests are bytes that
// were made beforehand, replies are read into one buffer.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"
#include "bench/compare/peer.h"

namespace engram::compare {

// The bytes of a request; `headers` are whole lines with their line ends.
std::string HttpRequest(std::string_view method, std::string_view path, std::string_view headers,
                        std::string_view body);

// Confined to one thread at a time.
class HttpConnection {
 public:
  static Result<std::unique_ptr<HttpConnection>> Connect(uint16_t port);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // Returns when the whole reply is there. A status from 400 on is an error with the beginning of the body: RateLimited
  // for 429 and 503, NotFound for 404, FailedPrecondition for 501, else Internal.
  Status Exchange(std::string_view request);
  // Of the last reply, whatever its status; valid until the next exchange. At least 64 readable bytes follow it.
  std::string_view body() const { return {buffer_.data() + body_begin_, body_size_}; }

 private:
  explicit HttpConnection(int socket) : socket_(socket) {}
  Status ReadMore();
  Status ReadReply();

  const int socket_;
  std::string buffer_;
  size_t filled_ = 0;
  size_t body_begin_ = 0;
  size_t body_size_ = 0;
};

// What a peer makes of bodies that came with a good status.
struct ReplyReading {
  // The hits of a search.
  Status (*read_rows)(std::string_view body, std::vector<uint32_t>* rows) = nullptr;
  // Whether it is an error all the same; null: it never is.
  Status (*check)(std::string_view body) = nullptr;
};
std::unique_ptr<Session> MakeHttpSession(std::unique_ptr<HttpConnection> connection, const ReplyReading& reading);

// One request over a connection of its own; the body of its reply.
Result<std::string> HttpCall(uint16_t port, std::string_view request);

// Writes the records in batches over so many connections at once, as prepared by the peer. Batches that it sends away
// are offered again.
Status LoadByWrites(const Peer& peer, const std::string& collection, const Records& records, size_t connections,
                    size_t batch);

}  // namespace engram::compare
