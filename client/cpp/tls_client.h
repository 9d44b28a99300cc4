// The client's side of TLS: whom to trust, and what to show. Private to client/cpp.
#pragma once

#include <memory>
#include <string>

#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_stream.hpp>

#include "base/status.h"
#include "client/cpp/deadline_socket.h"
#include "client/cpp/http_transport.h"

namespace engram {

// A head of many pieces becomes one record.
using TlsClientStream = boost::beast::flat_stream<boost::asio::ssl::stream<DeadlineSocket&>>;

// Thread-safe.
class TlsClient {
 public:
  // InvalidArgument naming the file that can't be used.
  static Result<std::shared_ptr<const TlsClient>> Load(const TlsClientOptions& options);

  // Shakes hands over a connected socket, which outlives the stream, within its deadline. FailedPrecondition when the
  // peer's certificate is not trusted, or not for `host` (a name or an address); else Unavailable. Both say why.
  Result<std::unique_ptr<TlsClientStream>> ShakeHands(const std::string& host, DeadlineSocket& socket) const;

 private:
  explicit TlsClient(std::shared_ptr<SSL_CTX> context) : context_(std::move(context)) {}

  const std::shared_ptr<SSL_CTX> context_;
};

}  // namespace engram
