// The reading half of a session: heads, bodies, deadlines.

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "server/encoding.h"
#include "server/session.h"

namespace engram {
namespace {

namespace asio = boost::asio;

constexpr asio::as_tuple_t<asio::use_awaitable_t<Session::Executor>> kToken;
constexpr size_t kReadBytes = 4096;
constexpr size_t kSkippedBytesMax = BodyLease::kFreeBytes;
constexpr std::chrono::seconds kLinger{2};
constexpr std::string_view kHeadEnd = "\r\n\r\n";

Status NoRoom() { return RateLimited("the server holds as many request bodies as it may").RetryAfter(1); }

Status PeerGone() { return Unavailable("the peer is gone"); }

}  // namespace

std::string_view Session::buffered() const {
  const auto data = buffer_.data();
  return {static_cast<const char*>(data.data()), data.size()};
}

size_t Session::TakeBuffered(char* to, size_t at_most) {
  const size_t size = std::min(at_most, buffer_.size());
  std::memcpy(to, buffered().data(), size);
  buffer_.consume(size);
  return size;
}

Session::Awaitable<Session::ReadResult> Session::ReadSome(asio::mutable_buffer to, size_t* size) {
  if (expired_) co_return ReadResult::kTimeout;
  boost::system::error_code error;
  if (tls_ != nullptr) {
    error = co_await tls_->ReadSome(to, size);
  } else {
    std::tie(error, *size) = co_await socket_.async_read_some(to, kToken);
  }
  if (!error) co_return ReadResult::kOk;
  co_return expired_ ? ReadResult::kTimeout : ReadResult::kClosed;
}

Session::Awaitable<Session::ReadResult> Session::Fill(size_t at_most) {
  size_t count = 0;
  const ReadResult result = co_await ReadSome(buffer_.prepare(at_most), &count);
  buffer_.commit(count);
  co_return result;
}

Status Session::BodyReadFailed(ReadResult result) const {
  if (result == ReadResult::kClosed) return PeerGone();
  return {StatusCode::kRequestTimeout, "the body came too slowly"};
}

Session::Awaitable<Status> Session::ReadHead(size_t* head_size) {
  const ServerLimits& limits = state_->options.limits;
  SetDeadline(Clock::now() + (first_ || buffer_.size() > 0 ? limits.header_deadline : limits.idle_deadline));
  size_t searched = 0;
  for (;;) {
    const size_t end = buffered().find(kHeadEnd, searched);
    if (end != std::string_view::npos) {
      *head_size = end + kHeadEnd.size();
      break;
    }
    if (Status bad = GuardPartialHead(buffered()); !bad.ok()) co_return bad;
    if (buffer_.size() >= limits.header_bytes) {
      co_return Status(StatusCode::kHeadersTooLarge, fmt::format("the headers exceed {} bytes", limits.header_bytes));
    }
    searched = buffer_.size() < kHeadEnd.size() ? 0 : buffer_.size() - (kHeadEnd.size() - 1);
    idle_ = buffer_.size() == 0;
    if (idle_ && state_->draining) co_return PeerGone();
    const ReadResult result = co_await Fill(std::min(kReadBytes, limits.header_bytes - buffer_.size()));
    if (result == ReadResult::kClosed || (result == ReadResult::kTimeout && buffer_.size() == 0)) co_return PeerGone();
    if (result == ReadResult::kTimeout) {
      expired_ = false;
      co_return Status(StatusCode::kRequestTimeout, "the headers came too slowly");
    }
    // The first byte of a request on an idle connection starts its clock.
    if (idle_ && !first_) SetDeadline(Clock::now() + limits.header_deadline);
    idle_ = false;
  }
  idle_ = false;
  first_ = false;
  co_return Status::Ok();
}

Session::Awaitable<Status> Session::ReadBody(const RequestFraming& framing, BodyLease* lease, HttpRequest* request) {
  if (!framing.has_body()) co_return Status::Ok();
  const bool waits = framing.expects_continue && buffer_.size() == 0;
  if (waits) {
    SetDeadline(Clock::now() + state_->options.limits.write_deadline);
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    boost::system::error_code error;
    if (tls_ != nullptr) {
      error = co_await tls_->Write(kContinue, {});
    } else {
      size_t size = 0;
      std::tie(error, size) =
          co_await asio::async_write(socket_, asio::buffer(kContinue.data(), kContinue.size()), kToken);
    }
    if (error) co_return PeerGone();
  }
  // Not with ?:, for GCC 12 destroys the temporaries of the branch it did not take.
  Status status;
  if (framing.chunked) {
    status = co_await ReadChunkedBody(lease, &request->body);
  } else {
    status = co_await ReadSizedBody(*framing.content_length, lease, &request->body);
  }
  expired_ = false;
  if (status.ok()) status = Decompress(state_->options.limits.body_bytes, request);
  if (status.ok() && !lease->CoverUpTo(request->body.size())) status = NoRoom();
  if (status.code() == StatusCode::kRateLimited) state_->metrics.CountRejected("bodies");
  co_return status;
}

void Session::SetBodyDeadline(Clock::time_point started, size_t received) {
  const ServerLimits& limits = state_->options.limits;
  const auto whole = started + limits.body_deadline + std::chrono::seconds(received / limits.body_bytes_per_second);
  SetDeadline(std::min<Clock::time_point>(whole, Clock::now() + limits.body_idle_deadline));
}

Session::Awaitable<Status> Session::ReadSizedBody(size_t size, BodyLease* lease, std::string* body) {
  const auto started = Clock::now();
  size_t received = 0;
  // It grows as it comes: who only claims 32 MiB gets no memory for it.
  while (received < size) {
    if (received == body->size()) {
      const size_t room = std::min(size, std::max(BodyLease::kFreeBytes, 2 * received));
      if (!lease->CoverUpTo(room)) co_return NoRoom();
      body->resize(room);
    }
    size_t count = TakeBuffered(body->data() + received, body->size() - received);
    if (count == 0) {
      SetBodyDeadline(started, received);
      const ReadResult result =
          co_await ReadSome(asio::buffer(body->data() + received, body->size() - received), &count);
      if (result != ReadResult::kOk) co_return BodyReadFailed(result);
    }
    received += count;
  }
  co_return Status::Ok();
}

Session::Awaitable<Status> Session::ReadChunkedBody(BodyLease* lease, std::string* body) {
  const ServerLimits& limits = state_->options.limits;
  const auto started = Clock::now();
  size_t received = 0;
  parser_->eager(true);
  while (!parser_->is_done()) {
    boost::system::error_code error;
    const size_t used = buffer_.size() > 0 ? parser_->put(buffer_.data(), error) : 0;
    buffer_.consume(used);
    received += used;
    if (error == boost::beast::http::error::body_limit) {
      co_return Status(StatusCode::kPayloadTooLarge, fmt::format("the body exceeds {} bytes", limits.body_bytes));
    }
    if (error && error != boost::beast::http::error::need_more) co_return InvalidArgument("malformed chunked body");
    if (!lease->CoverUpTo(received)) co_return NoRoom();
    if (parser_->is_done()) break;
    if (used > 0 && buffer_.size() > 0 && !error) continue;
    // A chunk's extension or a trailer that fills the whole buffer is an attack, not a request.
    if (buffer_.size() >= limits.header_bytes) co_return InvalidArgument("malformed chunked body");
    SetBodyDeadline(started, received);
    const ReadResult result = co_await Fill(std::min(kReadBytes, limits.header_bytes - buffer_.size()));
    if (result != ReadResult::kOk) co_return BodyReadFailed(result);
  }
  *body = std::move(parser_->get().body());  // trailers stay behind in the parser: nobody reads them
  co_return Status::Ok();
}

Session::Awaitable<bool> Session::SkipBody(const RequestFraming& framing) {
  if (!framing.has_body()) co_return true;
  linger_ = framing.chunked || framing.expects_continue || *framing.content_length > kSkippedBytesMax;
  if (linger_) co_return false;
  std::string skipped;
  BodyLease lease(&state_->bodies);
  const Status status = co_await ReadSizedBody(*framing.content_length, &lease, &skipped);
  expired_ = false;
  co_return status.ok();
}

Session::Awaitable<void> Session::Linger() {
  SetDeadline(Clock::now() + kLinger);
  if (tls_ != nullptr) co_await tls_->SayGoodbye();
  boost::system::error_code error;
  socket_.shutdown(Socket::shutdown_send, error);
  // What still comes is not even decrypted.
  std::string dropped(kReadBytes, '\0');
  while (!error && !expired_) {
    size_t count = 0;
    std::tie(error, count) = co_await socket_.async_read_some(asio::buffer(dropped), kToken);
  }
}

void Session::SetDeadline(Clock::time_point deadline) {
  deadline_ = deadline;
  expired_ = false;
  // A later deadline needs no new timer: the old one wakes up and waits on.
  if (deadline < armed_for_) ArmTimer(deadline);
}

void Session::ArmTimer(Clock::time_point at) {
  armed_for_ = at;
  timer_.expires_at(at);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->OnTimer();
  });
}

void Session::OnTimer() {
  armed_for_ = Clock::time_point::max();
  if (deadline_ == Clock::time_point::max()) return;
  if (Clock::now() < deadline_) return ArmTimer(deadline_);
  expired_ = true;
  boost::system::error_code ignored;
  socket_.cancel(ignored);
}

}  // namespace engram
