// Connections to one server that nobody uses at the moment. Private to client/cpp.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <vector>

#include <boost/beast/core/flat_buffer.hpp>

#include "base/mutex.h"
#include "client/cpp/deadline_socket.h"
#include "client/cpp/tls_client.h"
#include "client/cpp/transport.h"

namespace engram {

// Confined to one thread at a time.
struct Connection {
  DeadlineSocket socket;
  std::unique_ptr<TlsClientStream> tls;  // over `socket`; null: plain
  boost::beast::flat_buffer buffer;
  Deadline idle_since;
  bool used = false;  // has answered before, so it may have died in the pool
};

// Thread-safe.
class ConnectionPool {
 public:
  ConnectionPool(size_t idle_max, std::chrono::milliseconds idle_timeout)
      : idle_max_(idle_max), idle_timeout_(idle_timeout) {}

  // The one used last; nothing when all are busy or too old.
  std::unique_ptr<Connection> Take() EXCLUDES(mutex_);
  void Return(std::unique_ptr<Connection> connection) EXCLUDES(mutex_);
  // One has died: the others are as old.
  void Clear() EXCLUDES(mutex_);

 private:
  const size_t idle_max_;
  const std::chrono::milliseconds idle_timeout_;
  Mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_ GUARDED_BY(mutex_);
};

}  // namespace engram
