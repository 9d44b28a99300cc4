// The memory that request bodies of all connections may take together: each connection alone may send the largest
// body there is, and many at once would be more than the machine has. Private to server/.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>

namespace engram {

// Thread-safe.
class BodyBudget {
 public:
  explicit BodyBudget(size_t bytes_max) : bytes_max_(bytes_max) {}

  bool TryTake(size_t bytes) {
    size_t held = held_;
    do {
      if (bytes > bytes_max_ - std::min(held, bytes_max_)) return false;
    } while (!held_.compare_exchange_weak(held, held + bytes));
    return true;
  }
  void GiveBack(size_t bytes) { held_ -= bytes; }
  size_t held() const { return held_; }

 private:
  const size_t bytes_max_;
  std::atomic<size_t> held_{0};
};

// What one request has taken of it, for as long as it lives. Confined to the session.
class BodyLease {
 public:
  // A body of so many bytes needs none of the budget, so that large ones never keep small ones out: connections have
  // a bound of their own.
  static constexpr size_t kFreeBytes = size_t{64} << 10;

  explicit BodyLease(BodyBudget* budget) : budget_(budget) {}
  ~BodyLease() { budget_->GiveBack(held_); }
  BodyLease(const BodyLease&) = delete;
  BodyLease& operator=(const BodyLease&) = delete;

  // False when there is no room for a body of `bytes`.
  bool CoverUpTo(size_t bytes) {
    if (bytes <= kFreeBytes || bytes <= held_) return true;
    if (!budget_->TryTake(bytes - held_)) return false;
    held_ = bytes;
    return true;
  }

 private:
  BodyBudget* const budget_;
  size_t held_ = 0;
};

}  // namespace engram
