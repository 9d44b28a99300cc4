#include "tests/server/http_server.h"

#include <stdexcept>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/testing/captured_logs.h"
#include "engram/v1/memory.pb.h"
#include "server/typed_handler.h"

namespace engram {
namespace {

HttpResponse Plain(std::string body) { return {200, std::string(kTextType), std::move(body), {}}; }

Result<v1::Memory> Echo(RequestContext& context, v1::Memory& memory) {
  memory.set_id(context.path("id"));
  if (context.idempotency_key()) memory.set_hash(std::to_string(context.RequestHash()));
  context.AddReplyHeader("X-Route", std::string(context.route()));
  return std::move(memory);
}

Result<v1::Memory> Show(RequestContext& context, NoBody&) {
  v1::Memory memory;
  memory.set_id(context.path("id"));
  memory.set_text(context.query("text").value_or(""));
  ASSIGN_OR_RETURN(const std::optional<uint64_t> version, context.QueryUint64("version"));
  if (version) memory.set_version(*version);
  return memory;
}

// The status whose code is called like the path's parameter.
Status NamedStatus(const std::string& name) {
  for (int code = 1; code <= static_cast<int>(StatusCode::kCorruption); ++code) {
    const auto candidate = static_cast<StatusCode>(code);
    if (StatusCodeName(candidate) == name) return {candidate, "told so"};
  }
  return NotFound("no such code");
}

}  // namespace

void Gate::Hold(Respond respond) {
  {
    const MutexLock lock(mutex_);
    ++arrived_;
    changed_.NotifyAll();
    if (!open_) {
      held_.push_back(std::move(respond));
      return;
    }
  }
  respond(Plain("released"));
}

void Gate::Block() {
  const MutexLock lock(mutex_);
  ++arrived_;
  changed_.NotifyAll();
  while (!open_) changed_.Wait(mutex_);
}

void Gate::WaitFor(size_t count) {
  const MutexLock lock(mutex_);
  while (arrived_ < count) changed_.Wait(mutex_);
}

void Gate::Release() {
  std::vector<Respond> held;
  {
    const MutexLock lock(mutex_);
    open_ = true;
    held = std::move(held_);
    changed_.NotifyAll();
  }
  for (const Respond& respond : held) respond(Plain("released"));
}

ServerOptions TestOptions() {
  ServerOptions options;
  options.port = 0;
  options.io_threads = 2;
  options.worker_threads = 2;
  options.access_log = false;
  options.limits.body_bytes = size_t{1} << 20;
  return options;
}

Router HttpServer::Routes() {
  Router router;
  router.Add({.method = "POST",
              .pattern = "/v1/echo/{id}",
              .right = Right::kWrite,
              .handler = Typed<v1::Memory, v1::Memory>([count = handled_](RequestContext& context, v1::Memory& memory) {
                ++*count;
                return Echo(context, memory);
              })});
  router.Add({.method = "POST",
              .pattern = "/v1/echo/{id}:feedback",
              .right = Right::kRead,
              .handler = Typed<v1::Memory, v1::Memory>(Echo)});
  router.Add({.method = "GET",
              .pattern = "/v1/echo/{id}",
              .right = Right::kRead,
              .query = {"text", "version"},
              .handler = Typed<NoBody, v1::Memory>(Show)});
  router.Add({.method = "POST",
              .pattern = "/v1/later",
              .right = Right::kRead,
              .cost = Cost::kCheap,
              .handler = TypedAsync<v1::Memory, v1::Memory>(
                  Encode::kForConnection, [](RequestContext&, v1::Memory& memory, const Done<v1::Memory>& done) {
                    std::thread([&memory, done] { done(memory); }).detach();
                  })});
  router.Add({.method = "POST",
              .pattern = "/v1/sized",
              .right = Right::kRead,
              .cost = Cost::kBySize,
              .handler = TypedAsync<v1::Memory, v1::Memory>(
                  Encode::kWhereDone,
                  [](RequestContext&, v1::Memory& memory, const Done<v1::Memory>& done) { done(memory); })});
  router.Add({.method = "GET",
              .pattern = "/v1/wait",
              .right = Right::kRead,
              .cost = Cost::kCheap,
              .handler = [gate = gate_](RequestContext&, Respond respond) { gate->Hold(std::move(respond)); }});
  router.Add({.method = "GET",
              .pattern = "/v1/block",
              .right = Right::kRead,
              .handler = [gate = gate_](RequestContext&, const Respond& respond) {
                gate->Block();
                respond(Plain("released"));
              }});
  router.Add({.method = "GET",
              .pattern = "/v1/cheap",
              .right = Right::kRead,
              .cost = Cost::kCheap,
              .handler = [count = handled_](RequestContext&, const Respond& respond) {
                ++*count;
                respond(Plain("cheap"));
              }});
  router.Add({.method = "GET",
              .pattern = "/v1/fail/{code}",
              .right = Right::kRead,
              .handler = [](RequestContext& context, const Respond& respond) {
                respond(ErrorResponse(context, NamedStatus(context.path("code"))));
              }});
  router.Add(
      {.method = "GET", .pattern = "/v1/throw", .right = Right::kRead, .handler = [](RequestContext&, const Respond&) {
         throw std::runtime_error("a secret of the handler");
       }});
  router.Add({.method = "GET",
              .pattern = "/v1/throw/later",
              .right = Right::kRead,
              .handler = [](RequestContext&, const Respond& respond) {
                respond([]() -> HttpResponse { throw std::runtime_error("a secret of the reply"); });
              }});
  return router;
}

bool Logged(const CapturedLogs& logs, const std::string& text) {
  for (const std::string& line : logs.lines()) {
    if (line.find(text) != std::string::npos) return true;
  }
  return false;
}

HttpServer::HttpServer(ServerOptions options, bool open) {
  Result<std::unique_ptr<Server>> server = Server::Start(std::move(options));
  ENGRAM_CHECK(server.ok());
  server_ = *std::move(server);
  if (open) server_->Open(Routes(), std::make_shared<OpenAuthenticator>(TenantId(1), "default"));
}

HttpServer::~HttpServer() {
  gate_->Release();
  server_->Stop();
}

}  // namespace engram
