// A TCP connection whose operations block until they are done or a deadline has passed: a stream for Beast's
// synchronous algorithms. Two or three system calls a request, where an event loop takes ten. Private to client/cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/error.hpp>

#include "client/cpp/transport.h"

namespace engram {

// Confined to one thread at a time.
class DeadlineSocket {
 public:
  using ErrorCode = boost::beast::error_code;
  using Resolver = boost::asio::ip::tcp::resolver;

  // For all operations until the next call. What is not done by then fails with beast::error::timeout.
  void SetDeadline(Deadline deadline) { deadline_ = deadline; }

  // Tries one address after the other; the last one's error.
  ErrorCode Connect(const Resolver::results_type& addresses);
  Resolver::results_type Resolve(const std::string& host, uint16_t port, ErrorCode* error);

  // What Asio's TLS asks of the layer below it.
  using lowest_layer_type = boost::asio::ip::tcp::socket;          // NOLINT(readability-identifier-naming)
  using executor_type = lowest_layer_type::executor_type;          // NOLINT(readability-identifier-naming)
  lowest_layer_type& lowest_layer() { return socket_; }            // NOLINT(readability-identifier-naming)
  executor_type get_executor() { return socket_.get_executor(); }  // NOLINT(readability-identifier-naming)

  // What Beast asks of a stream. The forms that throw are asked for, but never called.
  template <class Buffers>
  size_t read_some(const Buffers& buffers, ErrorCode& error) {  // NOLINT(readability-identifier-naming)
    // A reply is hardly ever there yet, so it waits first.
    while (Wait(Direction::kIn, &error)) {
      const size_t size = socket_.read_some(buffers, error);
      if (error != boost::asio::error::would_block) return size;
    }
    return 0;
  }
  template <class Buffers>
  size_t write_some(const Buffers& buffers, ErrorCode& error) {  // NOLINT(readability-identifier-naming)
    do {
      const size_t size = socket_.write_some(buffers, error);
      if (error != boost::asio::error::would_block) return size;
    } while (Wait(Direction::kOut, &error));
    return 0;
  }
  template <class Buffers>
  size_t read_some(const Buffers& buffers);  // NOLINT(readability-identifier-naming)
  template <class Buffers>
  size_t write_some(const Buffers& buffers);  // NOLINT(readability-identifier-naming)

 private:
  enum class Direction : bool { kIn, kOut };
  // Until the socket is ready; false with an error at the deadline.
  bool Wait(Direction direction, ErrorCode* error);
  ErrorCode ConnectTo(const boost::asio::ip::tcp::endpoint& address);

  boost::asio::io_context io_{1};
  boost::asio::ip::tcp::socket socket_{io_};
  Deadline deadline_ = Deadline::max();
};

}  // namespace engram
