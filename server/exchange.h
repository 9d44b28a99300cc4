// One request on its way through a handler that may answer from any thread, now or later. Private to server/.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/check.h"
#include "server/request_context.h"
#include "server/router.h"

namespace engram {

// Owned by the session's coroutine and by the handler's callback: a reply that comes after the server has
// stopped still finds everything it touches, and is dropped.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  using Executor = boost::asio::io_context::executor_type;

  explicit Exchange(RequestContext&& given) : context(std::move(given)) {}

  RequestContext context;

  // Called once, from any thread.
  void Answer(engram::Answer answer) {
    answer_ = std::move(answer);
    const State before = state_.exchange(State::kAnswered);
    ENGRAM_CHECK(before != State::kAnswered);
    if (before == State::kWaited) Resume();
  }

  bool answered() const { return state_ == State::kAnswered; }

  // Waits for Answer. Resumes on `io`, the session's own.
  boost::asio::awaitable<engram::Answer, Executor> Wait(std::shared_ptr<boost::asio::io_context> io) {
    if (!answered()) {
      co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<Executor>&, void()>(
          [this, &io](auto handler) { Suspend(std::move(handler), std::move(io)); }, Token());
    }
    co_return std::move(answer_);
  }

 private:
  enum class State : uint8_t { kRunning, kWaited, kAnswered };

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
    if (state_.exchange(State::kWaited) == State::kAnswered) {
      state_ = State::kAnswered;
      Resume();
    }
  }

  // A stopped io_context owns the frames it never resumed, and those own this exchange: `io_` is held only while
  // waiting, or the io_context would own itself.
  void Resume() {
    const std::shared_ptr<boost::asio::io_context> io = std::move(io_);
    boost::asio::post(*io, std::move(resume_));
  }

  std::shared_ptr<boost::asio::io_context> io_;  // alive until the answer, even when the server is gone
  std::function<void()> resume_;
  engram::Answer answer_;
  std::atomic<State> state_{State::kRunning};
};

}  // namespace engram
