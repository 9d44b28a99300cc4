#include "client/cpp/connection_pool.h"

#include <utility>

namespace engram {

std::unique_ptr<Connection> ConnectionPool::Take() {
  std::vector<std::unique_ptr<Connection>> expired;  // closed outside the lock
  const MutexLock lock(mutex_);
  if (idle_.empty()) return nullptr;
  if (std::chrono::steady_clock::now() - idle_.back()->idle_since > idle_timeout_) {
    expired = std::move(idle_);
    idle_.clear();
    return nullptr;
  }
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  return connection;
}

void ConnectionPool::Return(std::unique_ptr<Connection> connection) {
  connection->idle_since = std::chrono::steady_clock::now();
  connection->used = true;
  const MutexLock lock(mutex_);
  if (idle_.size() < idle_max_) idle_.push_back(std::move(connection));
}

void ConnectionPool::Clear() {
  std::vector<std::unique_ptr<Connection>> dropped;
  const MutexLock lock(mutex_);
  dropped.swap(idle_);
}

}  // namespace engram
