#include "server/server.h"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include "base/check.h"
#include "server/access_log.h"
#include "server/health.h"
#include "server/server_state.h"
#include "server/session.h"
#include "server/tls_contexts.h"

namespace engram {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Out of file descriptors or the like: connections end by and by.
constexpr std::chrono::milliseconds kAcceptRetry{50};
constexpr std::chrono::seconds kCloseWait{1};

class HttpServer final : public Server {
 public:
  using Acceptor = asio::basic_socket_acceptor<tcp, Session::Executor>;

  explicit HttpServer(ServerOptions options)
      : state_(std::make_shared<ServerState>(std::move(options))), loops_(MakeLoops(state_->options.io_threads)) {}

  ~HttpServer() override { Stop(); }

  Status LoadTls();
  Status Listen();
  void Run();

  void Open(Router router, std::shared_ptr<const Authenticator> authenticator, AuditLog* audit) override;
  uint16_t port() const override { return port_; }
  void ReloadTls() override {
    if (state_->tls != nullptr) state_->tls->Reload();
  }
  void Stop() override;

 private:
  static std::vector<std::shared_ptr<IoLoop>> MakeLoops(unsigned threads) {
    const unsigned count = threads > 0 ? threads : std::max(1U, std::thread::hardware_concurrency());
    std::vector<std::shared_ptr<IoLoop>> loops(count);
    for (auto& loop : loops) loop = std::make_shared<IoLoop>();
    return loops;
  }

  asio::awaitable<void, Session::Executor> AcceptAll();
  void Welcome(const std::shared_ptr<IoLoop>& loop, Session::Socket socket);
  // Calls `visit` for every session, on its loop's thread.
  void ForEachSession(void (Session::*visit)());

  std::shared_ptr<ServerState> state_;
  std::vector<std::shared_ptr<IoLoop>> loops_;
  std::optional<Acceptor> acceptor_;  // of the first loop
  uint16_t port_ = 0;
  std::vector<asio::executor_work_guard<Session::Executor>> work_;
  std::vector<std::thread> threads_;
  std::atomic<bool> stopped_{false};
};

Status HttpServer::LoadTls() {
  const TlsFiles& files = state_->options.tls;
  if (files.certificate.empty() && files.key.empty() && files.client_ca.empty()) return {};
  if (files.certificate.empty() || files.key.empty()) {
    return InvalidArgument("TLS needs a certificate and its key: one of both is missing").At("tls");
  }
  ASSIGN_OR_RETURN(state_->tls, TlsContexts::Load(files, *state_->options.clock));
  return {};
}

Status HttpServer::Listen() {
  const ServerOptions& options = state_->options;
  boost::system::error_code error;
  const asio::ip::address address = asio::ip::make_address(options.address, error);
  if (error) return InvalidArgument(fmt::format("\"{}\" is no IP address", options.address)).At("listen");
  if (!address.is_loopback() && !options.insecure_listen && state_->tls == nullptr) {
    return InvalidArgument(fmt::format("{} can be reached from other machines: give --tls-cert and --tls-key, or "
                                       "--insecure-listen where the network between is yours alone",
                                       options.address))
        .At("listen");
  }
  const tcp::endpoint endpoint(address, options.port);
  acceptor_.emplace(*loops_.front()->context);
  acceptor_->open(endpoint.protocol(), error);
  if (!error) acceptor_->set_option(Acceptor::reuse_address(true), error);
  if (!error) acceptor_->bind(endpoint, error);
  if (!error) acceptor_->listen(asio::socket_base::max_listen_connections, error);
  if (error) {
    return Unavailable(fmt::format("cannot listen on {} port {}: {}", options.address, options.port, error.message()));
  }
  port_ = acceptor_->local_endpoint().port();
  return Status::Ok();
}

void HttpServer::Run() {
  asio::co_spawn(
      *loops_.front()->context, [this] { return AcceptAll(); }, asio::detached);
  for (const auto& loop : loops_) {
    work_.emplace_back(loop->context->get_executor());
    threads_.emplace_back([context = loop->context] { context->run(); });
  }
  LogListen(state_->options.address, port_);
}

asio::awaitable<void, Session::Executor> HttpServer::AcceptAll() {
  constexpr asio::as_tuple_t<asio::use_awaitable_t<Session::Executor>> kToken;
  for (size_t next = 0; acceptor_->is_open(); next = (next + 1) % loops_.size()) {
    // Nothing that a loop's queue may be left with owns the loop.
    asio::io_context& context = *loops_[next]->context;
    Session::Socket socket(context);
    const auto [error] = co_await acceptor_->async_accept(socket, kToken);
    if (!error) {
      asio::post(context,
                 [this, next, socket = std::move(socket)]() mutable { Welcome(loops_[next], std::move(socket)); });
      continue;
    }
    if (error == asio::error::operation_aborted) co_return;
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>,
                               Session::Executor>
        pause(acceptor_->get_executor(), kAcceptRetry);
    co_await pause.async_wait(kToken);
  }
}

void HttpServer::Welcome(const std::shared_ptr<IoLoop>& loop, Session::Socket socket) {
  if (state_->draining) return;
  if (!state_->connections.TryAdd(state_->options.limits.connections)) {
    state_->metrics.CountRejected("connections");
    return;
  }
  boost::system::error_code ignored;
  socket.set_option(tcp::no_delay(true), ignored);
  std::make_shared<Session>(state_, loop, std::move(socket))->Start();
}

void HttpServer::Open(Router router, std::shared_ptr<const Authenticator> authenticator, AuditLog* audit) {
  ENGRAM_CHECK(state_->open == nullptr);
  AddMetricsRoute(*state_, &router);
  state_->opened =
      std::make_unique<const ServerState::Open>(ServerState::Open{std::move(router), std::move(authenticator), audit});
  state_->open = state_->opened.get();
}

void HttpServer::ForEachSession(void (Session::*visit)()) {
  for (const auto& loop : loops_) {
    asio::post(*loop->context, [loop = loop.get(), visit] {
      const std::vector<Session*> sessions(loop->sessions.begin(), loop->sessions.end());
      for (Session* session : sessions) (session->*visit)();
    });
  }
}

void HttpServer::Stop() {
  if (stopped_.exchange(true)) return;
  state_->draining = true;
  if (state_->options.on_drain) state_->options.on_drain();
  if (!threads_.empty()) {
    asio::post(*loops_.front()->context, [this] {
      boost::system::error_code ignored;
      acceptor_->close(ignored);
    });
    ForEachSession(&Session::Drain);
    const bool drained = state_->connections.WaitForNone(state_->options.limits.drain);
    state_->abandoning = true;
    LogStop(drained ? "drained" : "cut off");
  }
  if (state_->options.on_cut_off) state_->options.on_cut_off();
  state_->workers.Stop();
  ForEachSession(&Session::Close);
  state_->connections.WaitForNone(kCloseWait);
  work_.clear();
  for (const auto& loop : loops_) loop->context->stop();
  for (std::thread& thread : threads_) thread.join();
  // The loop may have stopped before it came to close the port.
  boost::system::error_code ignored;
  if (acceptor_) acceptor_->close(ignored);
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(ServerOptions options) {
  auto server = std::make_unique<HttpServer>(std::move(options));
  RETURN_IF_ERROR(server->LoadTls());
  RETURN_IF_ERROR(server->Listen());
  server->Run();
  return std::unique_ptr<Server>(std::move(server));
}

}  // namespace engram
