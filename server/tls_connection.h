// TLS over a session's socket. Confined to the session's thread; what it waits for ends with the socket's operations,
// so that the session's deadlines hold here, too. Private to server/; OpenSSL and Asio's part of it stay in the .cc.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include "base/status.h"

struct ssl_ctx_st;  // OpenSSL's SSL_CTX

namespace engram {

class TlsConnection {
 public:
  using Executor = boost::asio::io_context::executor_type;
  using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, Executor>;
  template <class T>
  using Awaitable = boost::asio::awaitable<T, Executor>;
  using ErrorCode = boost::system::error_code;

  // The socket outlives it.
  TlsConnection(Socket& socket, const std::shared_ptr<ssl_ctx_st>& context);
  ~TlsConnection();
  TlsConnection(const TlsConnection&) = delete;
  TlsConnection& operator=(const TlsConnection&) = delete;

  // First. InvalidArgument saying what the peer did wrong, Unavailable when it went away.
  Awaitable<Status> ShakeHands();

  Awaitable<ErrorCode> ReadSome(boost::asio::mutable_buffer to, size_t* size);
  // All of both, `head` first.
  Awaitable<ErrorCode> Write(std::string_view head, std::string_view body);
  // Says that nothing more comes, so that the peer can tell the end from a cut, and waits until the peer says so, too.
  Awaitable<void> SayGoodbye();

 private:
  struct Stream;
  std::unique_ptr<Stream> stream_;
};

}  // namespace engram
