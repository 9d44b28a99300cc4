#include "client/cpp/deadline_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include <boost/asio/error.hpp>

namespace engram {
namespace {

using boost::asio::ip::tcp;
namespace asio = boost::asio;
namespace beast = boost::beast;

// poll() counts milliseconds; the last one is waited for in full. Longer waits go round again.
int MillisecondsUntil(Deadline deadline) {
  constexpr std::chrono::milliseconds kLongest{60'000};
  const auto now = std::chrono::steady_clock::now();
  if (deadline <= now) return 0;
  if (deadline - now >= kLongest) return static_cast<int>(kLongest.count());
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count());
}

}  // namespace

DeadlineSocket::Resolver::results_type DeadlineSocket::Resolve(const std::string& host, uint16_t port,
                                                               ErrorCode* error) {
  return Resolver(io_).resolve(host, std::to_string(port), *error);
}

DeadlineSocket::ErrorCode DeadlineSocket::Connect(const Resolver::results_type& addresses) {
  ErrorCode error = asio::error::host_not_found;
  for (const auto& address : addresses) {
    error = ConnectTo(address.endpoint());
    if (!error || error == beast::error::timeout) break;
  }
  return error;
}

DeadlineSocket::ErrorCode DeadlineSocket::ConnectTo(const tcp::endpoint& address) {
  ErrorCode error;
  socket_.close(error);
  socket_.open(address.protocol(), error);
  if (!error) socket_.non_blocking(true, error);
  if (!error) socket_.set_option(tcp::no_delay(true), error);
  if (error) return error;
  socket_.connect(address, error);
  if (error != asio::error::in_progress && error != asio::error::would_block) return error;
  if (!Wait(Direction::kOut, &error)) return error;
  int reason = 0;
  socklen_t size = sizeof(reason);
  if (::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_ERROR, &reason, &size) != 0) reason = errno;
  return ErrorCode(reason, boost::system::system_category());
}

bool DeadlineSocket::Wait(Direction direction, ErrorCode* error) {
  pollfd ready{socket_.native_handle(), static_cast<short>(direction == Direction::kIn ? POLLIN : POLLOUT), 0};
  while (true) {
    const int left_ms = MillisecondsUntil(deadline_);
    const int count = ::poll(&ready, 1, left_ms);
    if (count > 0) {
      *error = {};
      return true;
    }
    if (count < 0 && errno != EINTR) {
      *error = ErrorCode(errno, boost::system::system_category());
      return false;
    }
    if (count == 0 && left_ms == 0) {
      *error = beast::error::timeout;
      return false;
    }
  }
}

}  // namespace engram
