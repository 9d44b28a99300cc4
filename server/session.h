// One connection: reads requests, has them answered, writes the replies, one after the other (HTTP/1.1 pipelining
// works by itself). Confined to its io_context's one thread. Private to server/.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "base/status.h"
#include "server/body_budget.h"
#include "server/exchange.h"
#include "server/request_guard.h"
#include "server/server_state.h"
#include "server/tls_connection.h"

namespace engram {

class Session;

// One thread's event loop and the connections it serves.
struct IoLoop {
  std::unordered_set<Session*> sessions;  // of this loop's thread only
  std::shared_ptr<boost::asio::io_context> context = std::make_shared<boost::asio::io_context>(1);
};

class Session : public std::enable_shared_from_this<Session> {
 public:
  using Executor = TlsConnection::Executor;
  using Socket = TlsConnection::Socket;
  template <class T>
  using Awaitable = boost::asio::awaitable<T, Executor>;

  // REQUIRES: the connection is counted in state->connections; the session uncounts it.
  Session(std::shared_ptr<ServerState> state, const std::shared_ptr<IoLoop>& loop, Socket socket);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Serves until the connection ends. Call once, on the loop's thread.
  void Start();
  // No further requests: an idle connection ends now, a busy one after its reply.
  void Drain();
  // Ends at once.
  void Close();

 private:
  using Clock = std::chrono::steady_clock;
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;
  enum class ReadResult { kOk, kClosed, kTimeout };

  Awaitable<void> Run();
  // TLS, where it is spoken; false when the connection is to end.
  Awaitable<bool> ShakeHands();
  // Serves one request; false when the connection is to end.
  Awaitable<bool> ServeOne();

  // Reads until a whole head is buffered; its size in *head_size. Not OK: the reply to give, or kUnavailable when
  // the peer is gone and there is nobody to tell.
  Awaitable<Status> ReadHead(size_t* head_size);
  // The head through the guard and the parser; the buffer then begins with the body.
  Status ReadRequest(size_t head_size, RequestFraming* framing, HttpRequest* request);
  // Everything that is decided before a byte of the body is read.
  Status Admit(const RequestFraming& framing, RequestContext* context, RouteMatch* match);
  // Also decompressed. `lease` covers it; RateLimited when there is no room.
  Awaitable<Status> ReadBody(const RequestFraming& framing, BodyLease* lease, HttpRequest* request);
  Awaitable<Status> ReadSizedBody(size_t size, BodyLease* lease, std::string* body);
  Awaitable<Status> ReadChunkedBody(BodyLease* lease, std::string* body);
  void SetBodyDeadline(Clock::time_point started, size_t received);
  // After a refusal: true when what is left of the request was small and is gone.
  Awaitable<bool> SkipBody(const RequestFraming& framing);

  Awaitable<HttpResponse> Handle(std::shared_ptr<Exchange> exchange, const Route& route);
  void NoteRefusal(const RequestContext& context, const Status& status) const;
  // What the handler has said of the request (RequestContext::Audit).
  Awaitable<void> WriteAudit(const RequestContext& context, int status) const;
  Awaitable<bool> Refuse(const Status& status);
  Awaitable<bool> Write(const HttpResponse& response, bool keep_alive, bool with_body);
  // Lets the peer read our last words before the connection is reset, and tell them from a cut where it is TLS.
  Awaitable<void> Linger();

  // More bytes into buffer_ / into `to`.
  Awaitable<ReadResult> Fill(size_t at_most);
  Awaitable<ReadResult> ReadSome(boost::asio::mutable_buffer to, size_t* size);
  Status BodyReadFailed(ReadResult result) const;

  void SetDeadline(Clock::time_point deadline);
  void ArmTimer(Clock::time_point at);
  void OnTimer();

  std::string_view buffered() const;
  size_t TakeBuffered(char* to, size_t at_most);

  std::shared_ptr<ServerState> state_;
  std::weak_ptr<IoLoop> loop_;  // gone when a reply comes after the server has stopped
  Socket socket_;
  std::unique_ptr<TlsConnection> tls_;  // null: plain. Of socket_
  boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, Executor> timer_;
  Clock::time_point deadline_ = Clock::time_point::max();
  Clock::time_point armed_for_ = Clock::time_point::max();
  bool expired_ = false;
  bool idle_ = true;  // no byte of a request is here
  bool linger_ = false;
  bool first_ = true;
  std::string peer_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
};

}  // namespace engram
