#include "server/session.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <utility>
#include <variant>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include "base/hash.h"
#include "server/access_log.h"
#include "server/encoding.h"
#include "server/error.h"
#include "server/one_shot.h"
#include "server/response_head.h"

namespace engram {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr asio::as_tuple_t<asio::use_awaitable_t<Session::Executor>> kToken;

// What decodes in less time than it takes to wake another thread.
constexpr size_t kSmallBodyBytes = size_t{16} << 10;
// A call that was thought to be brief is begun again on a worker after so long.
constexpr std::chrono::milliseconds kBriefMax{2};
constexpr size_t kBriefBodyBytes = size_t{64} << 10;

bool IsCheap(const Route& route, const HttpRequest& request) {
  return route.cost == Cost::kCheap || (route.cost == Cost::kBySize && request.body.size() <= kSmallBodyBytes);
}

std::string_view PathOf(std::string_view target) { return target.substr(0, target.find('?')); }

std::string PeerOf(const Session::Socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  return error ? std::string() : endpoint.address().to_string();
}

// A handler that throws has a bug; its client still gets an answer.
void RunGuarded(const Route& route, const std::shared_ptr<Exchange>& exchange, const std::function<void()>& work) {
  const auto fail = [&](std::string_view what) {
    LogHandlerFailure(route.pattern, what);
    if (!exchange->answered()) exchange->Answer(ErrorResponse(exchange->context, Internal("the handler failed")));
  };
  try {
    work();
  } catch (const std::exception& error) {
    fail(error.what());
  }
}

void RunHandler(const Route& route, const std::shared_ptr<Exchange>& exchange) {
  RunGuarded(route, exchange, [&] {
    route.handler(exchange->context, [exchange](Answer answer) { exchange->Answer(std::move(answer)); });
  });
}

// Makes what the handler left to be made. As with the handler, an exception is a bug with an answer.
HttpResponse MakeResponse(const Route& route, Exchange& exchange, Answer answer) {
  try {
    return ResponseOf(std::move(answer));
  } catch (const std::exception& error) {
    LogHandlerFailure(route.pattern, error.what());
    return ErrorResponse(exchange.context, Internal("the reply could not be made"));
  }
}

// What this thread has computed so far.
std::chrono::nanoseconds ProcessorTime() {
  timespec time{};
  (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// A key that was refused, or asked for more than it may.
bool IsAboutKeys(const Status& status) {
  return status.code() == StatusCode::kUnauthenticated || status.code() == StatusCode::kPermissionDenied;
}

// What calls have in common that take about as long as each other: the route and the namespace.
uint64_t KindOf(const Route& route, const RequestContext& context) {
  const std::string* ns = context.FindPath("ns");
  const std::array<uint64_t, 3> parts = {reinterpret_cast<uintptr_t>(&route), context.tenant().value,
                                         ns != nullptr ? HashBytes64(*ns) : 0};
  return HashBytes64({reinterpret_cast<const char*>(parts.data()), sizeof(parts)});
}

std::chrono::nanoseconds SteadyTime() { return std::chrono::steady_clock::now().time_since_epoch(); }

// Runs `work` on this thread, and notes what it took: for the rate of its tenant, and for calls like it.
void RunMeasured(ServerState& state, const Route& route, const std::shared_ptr<Exchange>& exchange,
                 const std::function<void()>& work) {
  // Read before: the exchange may be over when the work is.
  const TenantId tenant = exchange->context.tenant();
  const auto rate = exchange->context.credential().worker_ms_per_second;
  const bool remembered = route.cost == Cost::kByHistory;
  const uint64_t kind = remembered ? KindOf(route, exchange->context) : 0;
  const auto before = ProcessorTime();
  const auto began = SteadyTime();
  RunGuarded(route, exchange, work);
  const auto ended = SteadyTime();
  if (remembered) state.brief_calls.Note(kind, ended - began, ended);
  if (rate) state.rates.Charge(tenant, *rate, ProcessorTime() - before, state.options.clock->Monotonic());
}

// Runs `work`, which answers the exchange, on a worker; unless its time is over when one is free.
Status RunOnWorker(const std::shared_ptr<ServerState>& state, const Route& route,
                   const std::shared_ptr<Exchange>& exchange, std::function<void()> work) {
  const bool queued = state->workers.TrySubmit([state, exchange, &route, work = std::move(work)] {
    if (state->abandoning) return exchange->Answer(ErrorResponse(exchange->context, Unavailable("the server stops")));
    if (state->options.clock->Monotonic() >= exchange->context.Deadline()) {
      return exchange->Answer(ErrorResponse(exchange->context, DeadlineExceeded("no worker was free in time")));
    }
    RunMeasured(*state, route, exchange, work);
  });
  if (queued) return {};
  state->metrics.CountRejected("queue_full");
  return RateLimited("too many requests are waiting").RetryAfter(1);
}

bool IsExpectedBrief(const ServerState& state, const Route& route, const RequestContext& context) {
  return route.cost == Cost::kByHistory && context.request().body.size() <= kBriefBodyBytes &&
         state.brief_calls.Expect(KindOf(route, context), SteadyTime());
}

// Handles the request here. False when that came to no end in time, and is to be begun anew.
bool HandledBriefly(ServerState& state, const Route& route, const std::shared_ptr<Exchange>& exchange) {
  RequestContext& context = exchange->context;
  context.BeginBrief(state.options.clock->Monotonic() + kBriefMax);
  const auto late = std::make_shared<bool>(false);
  RunMeasured(state, route, exchange, [&] {
    route.handler(context, [exchange, late](Answer answer) {
      const auto* response = std::get_if<HttpResponse>(&answer);
      const bool brief = exchange->context.EndBrief();
      if (brief && response != nullptr && response->status == HttpStatus(StatusCode::kDeadlineExceeded)) {
        exchange->context.TakeReplyHeaders();
        *late = true;  // still within the handler: what waits for something has ended the brief deadline
      } else {
        exchange->Answer(std::move(answer));
      }
    });
  });
  return !*late;
}

}  // namespace

Session::Session(std::shared_ptr<ServerState> state, const std::shared_ptr<IoLoop>& loop, Socket socket)
    : state_(std::move(state)),
      loop_(loop),
      socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      peer_(PeerOf(socket_)),
      buffer_(state_->options.limits.header_bytes) {
  loop->sessions.insert(this);
  state_->metrics.AddConnections(1);
}

Session::~Session() {
  if (const auto loop = loop_.lock()) loop->sessions.erase(this);
  state_->metrics.AddConnections(-1);
  state_->connections.Remove();
}

void Session::Start() {
  asio::co_spawn(
      socket_.get_executor(), [self = shared_from_this()] { return self->Run(); }, asio::detached);
}

void Session::Drain() {
  if (idle_) Close();
}

void Session::Close() {
  boost::system::error_code ignored;
  socket_.close(ignored);
}

Session::Awaitable<void> Session::Run() {
  const auto self = shared_from_this();
  if (co_await ShakeHands()) {
    while (co_await ServeOne()) {
    }
    if (linger_ || tls_ != nullptr) co_await Linger();
  }
  timer_.cancel();
}

Session::Awaitable<bool> Session::ShakeHands() {
  if (state_->tls == nullptr) co_return true;
  tls_ = std::make_unique<TlsConnection>(socket_, state_->tls->Current());
  SetDeadline(Clock::now() + state_->options.limits.handshake_deadline);
  const Status shaken = co_await tls_->ShakeHands();
  if (shaken.ok()) co_return true;
  // Who only looks whether the port is open goes away again and has done nothing wrong.
  if (!state_->draining && shaken.code() != StatusCode::kUnavailable) {
    state_->metrics.CountRejected("handshake");
    state_->tls->NoteFailure(peer_, expired_ ? "the handshake took too long" : shaken.message());
  }
  co_return false;
}

Session::Awaitable<bool> Session::ServeOne() {
  size_t head_size = 0;
  Status status = co_await ReadHead(&head_size);
  if (status.code() == StatusCode::kUnavailable) co_return false;
  RequestFraming framing;
  HttpRequest request;
  if (status.ok()) status = ReadRequest(head_size, &framing, &request);
  if (!status.ok()) co_return co_await Refuse(status);

  const auto started = Clock::now();
  const bool with_body = request.method != "HEAD";
  const auto& options = state_->options;
  const auto exchange = std::make_shared<Exchange>(
      RequestContext(*options.clock, std::move(request), options.clock->Monotonic() + options.limits.request_deadline));
  RequestContext& context = exchange->context;
  BodyLease lease(&state_->bodies);
  RouteMatch match;
  bool keep_alive = framing.keep_alive;
  HttpResponse response;
  status = Admit(framing, &context, &match);
  if (!status.ok()) {
    response = ErrorResponse(context, status);
    if (!match.allow.empty()) response.headers.emplace_back("Allow", match.allow);
    if (IsAboutKeys(status)) NoteRefusal(context, status);
    const bool skipped = co_await SkipBody(framing);
    keep_alive = keep_alive && skipped;
  } else {
    status = co_await ReadBody(framing, &lease, &context.request());
    if (status.code() == StatusCode::kUnavailable) co_return false;
    keep_alive = keep_alive && status.ok();
    linger_ = !status.ok();
    if (status.ok()) {
      response = co_await Handle(exchange, *match.route);
    } else {
      response = ErrorResponse(context, status);
    }
  }
  keep_alive = keep_alive && !state_->draining;
  const size_t body_bytes = context.request().body.size();
  const bool written = co_await Write(response, keep_alive, with_body);
  const auto took = Clock::now() - started;
  const std::string_view route = match.route != nullptr ? std::string_view(match.route->pattern) : "(none)";
  state_->metrics.CountRequest(match.route != nullptr ? context.request().method : "(any)", route, response.status,
                               took);
  if (options.access_log) {
    LogAccess({peer_, context.request().method, PathOf(context.request().target), route,
               context.credential().tenant_name, context.credential().key_id, response.status, body_bytes,
               response.body.size(), took});
  }
  co_return written&& keep_alive;
}

Status Session::ReadRequest(size_t head_size, RequestFraming* framing, HttpRequest* request) {
  const std::string_view head = buffered().substr(0, head_size);
  ASSIGN_OR_RETURN(*framing, GuardRequest(head, state_->host_rules));
  Parser& parser = parser_.emplace();
  parser.header_limit(static_cast<std::uint32_t>(head_size) + 1);
  parser.body_limit(state_->options.limits.body_bytes);
  if (framing->content_length.value_or(0) > state_->options.limits.body_bytes) parser.body_limit(boost::none);
  boost::system::error_code error;
  parser.put(asio::buffer(head.data(), head.size()), error);
  // Both must agree that this is a request; the guard alone decides about its framing.
  if (error || !parser.is_header_done()) return InvalidArgument("malformed request: " + error.message());
  const auto& message = parser.get();
  const auto copy = [&](http::field name) { return std::string(message[name]); };
  request->method = std::string(message.method_string());
  request->target = std::string(message.target());
  request->authorization = copy(http::field::authorization);
  request->content_type = copy(http::field::content_type);
  request->content_encoding = copy(http::field::content_encoding);
  request->accept = copy(http::field::accept);
  request->idempotency_key = std::string(message["Idempotency-Key"]);
  request->host = copy(http::field::host);
  request->origin = copy(http::field::origin);
  buffer_.consume(head_size);
  return Status::Ok();
}

Status Session::Admit(const RequestFraming& framing, RequestContext* context, RouteMatch* match) {
  HttpRequest& request = context->request();
  RETURN_IF_ERROR(SplitTarget(&request));
  RouteMatch health;
  if (state_->health.Find(request, &health).ok()) {
    *match = std::move(health);
    context->SetRoute(match->route->pattern, {});
    return Status::Ok();
  }
  const ServerState::Open* open = state_->open;
  if (open == nullptr) return Unavailable("the server is opening its data");
  ASSIGN_OR_RETURN(Credential credential, open->authenticator->Authenticate(request));
  context->SetCredential(std::move(credential));
  if (Status slow = state_->rates.Admit(context->credential(), state_->options.clock->Monotonic()); !slow.ok()) {
    state_->metrics.CountRejected("rate");
    return slow;
  }
  Status found = open->router.Find(request, match);
  if (match->route != nullptr) RETURN_IF_ERROR(CheckRight(context->credential(), match->route->right));
  RETURN_IF_ERROR(std::move(found));
  context->SetRoute(match->route->pattern, std::move(match->path_parameters));
  if (const std::string* ns = context->FindPath("ns")) RETURN_IF_ERROR(CheckNamespaceScope(context->credential(), *ns));
  const bool changes_access = match->route->right == Right::kOperate && request.method != "GET";
  if (changes_access && open->audit != nullptr) RETURN_IF_ERROR(open->audit->CheckWritable());
  RETURN_IF_ERROR(context->ReadParameters(match->route->query));
  if (!framing.has_body()) return Status::Ok();
  RETURN_IF_ERROR(CheckBodyType(request));
  const size_t limit = state_->options.limits.body_bytes;
  if (framing.content_length.value_or(0) <= limit) return Status::Ok();
  return {StatusCode::kPayloadTooLarge,
          fmt::format("the body has {} bytes, more than the {} allowed", *framing.content_length, limit)};
}

void Session::NoteRefusal(const RequestContext& context, const Status& status) const {
  const bool unknown = status.code() == StatusCode::kUnauthenticated;
  state_->metrics.CountRejected(unknown ? "key" : "right");
  const ServerState::Open* open = state_->open;
  if (open == nullptr || open->audit == nullptr) return;
  AuditEntry entry = AuditEntryOf(context, peer_, HttpStatus(status.code()));
  entry.event = unknown ? "key.refused" : "right.refused";
  entry.subject = status.message();
  open->audit->NoteRefusal(entry);
}

// Before the reply goes out: who has it in hand finds it written down. The disk is waited for without this thread.
Session::Awaitable<void> Session::WriteAudit(const RequestContext& context, int status) const {
  const ServerState::Open* open = state_->open;
  if (open == nullptr || open->audit == nullptr) co_return;
  const auto written = std::make_shared<OneShot>();
  // What could not be written is in the server's log, and nothing that needs the admin key happens until it can be.
  open->audit->Append(AuditEntryOf(context, peer_, status), [written](const Status& /*status*/) { written->Set(); });
  std::shared_ptr<asio::io_context> io = loop_.lock()->context;
  co_await written->Wait(std::move(io));
}

Session::Awaitable<HttpResponse> Session::Handle(std::shared_ptr<Exchange> exchange, const Route& route) {
  SetDeadline(Clock::time_point::max());
  state_->metrics.AddInFlight(1);
  if (IsCheap(route, exchange->context.request())) {
    RunHandler(route, exchange);
  } else {
    // Weak, for the exchange owns it.
    exchange->context.SetWorkers([state = state_, &route, weak = std::weak_ptr(exchange)](std::function<void()> work) {
      return RunOnWorker(state, route, weak.lock(), std::move(work));
    });
    Status queued;
    if (!IsExpectedBrief(*state_, route, exchange->context) || !HandledBriefly(*state_, route, exchange)) {
      queued = RunOnWorker(state_, route, exchange, [exchange, &route] { RunHandler(route, exchange); });
    }
    if (!queued.ok()) exchange->Answer(ErrorResponse(exchange->context, queued));
  }
  // Of its own, for a temporary would hold the loop in this frame while it waits.
  std::shared_ptr<asio::io_context> io = loop_.lock()->context;
  Answer answer = co_await exchange->Wait(std::move(io));
  HttpResponse response = MakeResponse(route, *exchange, std::move(answer));
  state_->metrics.AddInFlight(-1);
  if (exchange->context.audit_note()) co_await WriteAudit(exchange->context, response.status);
  co_return response;
}

Session::Awaitable<bool> Session::Refuse(const Status& status) {
  const HttpResponse response = ErrorResponse(status);
  state_->metrics.CountRejected("guard");
  if (state_->options.access_log) LogRefusal(peer_, response.status, status.message());
  linger_ = true;
  co_await Write(response, false, true);
  co_return false;
}

Session::Awaitable<bool> Session::Write(const HttpResponse& response, bool keep_alive, bool with_body) {
  SetDeadline(Clock::now() + state_->options.limits.write_deadline);
  const std::string head = ResponseHead(response, keep_alive);
  if (tls_ != nullptr) {
    const boost::system::error_code failed =
        co_await tls_->Write(head, with_body ? std::string_view(response.body) : std::string_view());
    co_return !failed;
  }
  const std::array<asio::const_buffer, 2> parts = {
      asio::buffer(head), asio::buffer(response.body.data(), with_body ? response.body.size() : 0)};
  const auto [error, size] = co_await asio::async_write(socket_, parts, kToken);
  co_return !error;
}

}  // namespace engram
