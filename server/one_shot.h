// Something that a connection's coroutine waits for and any thread may bring about, once. Private to server/.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/check.h"

namespace engram {

// Owned by both sides: who waits may be gone when it comes about.
class OneShot {
 public:
  using Executor = boost::asio::io_context::executor_type;

  // Called once, from any thread.
  void Set() {
    const State before = state_.exchange(State::kSet);
    ENGRAM_CHECK(before != State::kSet);
    if (before == State::kWaited) Resume();
  }

  bool is_set() const { return state_ == State::kSet; }

  // Waits for Set. Resumes on `io`, the session's own.
  boost::asio::awaitable<void, Executor> Wait(std::shared_ptr<boost::asio::io_context> io) {
    if (!is_set()) {
      co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>&, void()>(
          [this, &io](auto handler) { Suspend(std::move(handler), std::move(io)); }, Token());
    }
  }

 private:
  enum class State : uint8_t { kRunning, kWaited, kSet };

  static const boost::asio::use_awaitable_t<Executor>& Token() {
    static const boost::asio::use_awaitable_t<Executor> token;
    return token;
  }

  template <class CompletionHandler>
  void Suspend(CompletionHandler handler, std::shared_ptr<boost::asio::io_context> io) {
    io_ = std::move(io);
    // std::function wants copies; a completion handler has none.
    auto shared = std::make_shared<CompletionHandler>(std::move(handler));
    resume_ = [shared] { std::move (*shared)(); };
    if (state_.exchange(State::kWaited) == State::kSet) {
      state_ = State::kSet;
      Resume();
    }
  }

  // A stopped io_context owns the frames it never resumed, and those own this: `io_` is held only while waiting, or the
  // io_context would own itself.
  void Resume() {
    const std::shared_ptr<boost::asio::io_context> io = std::move(io_);
    boost::asio::post(*io, std::move(resume_));
  }

  std::shared_ptr<boost::asio::io_context> io_;  // alive until then, even when the server is gone
  std::function<void()> resume_;
  std::atomic<State> state_{State::kRunning};
};

}  // namespace engram
