// One request on its way through a handler that may answer from any thread, now or later. Private to server/.
#pragma once

#include <memory>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include "server/one_shot.h"
#include "server/request_context.h"
#include "server/router.h"

namespace engram {

// Owned by the session's coroutine and by the handler's callback: a reply that comes after the server has
// stopped still finds everything it touches, and is dropped.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  using Executor = OneShot::Executor;

  explicit Exchange(RequestContext&& given) : context(std::move(given)) {}

  RequestContext context;

  // Called once, from any thread.
  void Answer(engram::Answer answer) {
    answer_ = std::move(answer);
    answered_.Set();
  }

  bool answered() const { return answered_.is_set(); }

  // Waits for Answer. Resumes on `io`, the session's own.
  boost::asio::awaitable<engram::Answer, Executor> Wait(std::shared_ptr<boost::asio::io_context> io) {
    co_await answered_.Wait(std::move(io));
    co_return std::move(answer_);
  }

 private:
  OneShot answered_;
  engram::Answer answer_;
};

}  // namespace engram
