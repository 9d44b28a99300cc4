// A server on a free port with routes that show what arrived, and one that waits for the test.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "server/server.h"

namespace engram {

// Requests of /v1/wait and /v1/block stay unanswered until Release.
class Gate {
 public:
  // Takes a reply for later (or gives it at once when open).
  void Hold(Respond respond) EXCLUDES(mutex_);
  // Stops the calling thread until Release.
  void Block() EXCLUDES(mutex_);
  // Returns when `count` requests are held or blocked.
  void WaitFor(size_t count) EXCLUDES(mutex_);
  void Release() EXCLUDES(mutex_);

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<Respond> held_ GUARDED_BY(mutex_);
  size_t arrived_ GUARDED_BY(mutex_) = 0;
  bool open_ GUARDED_BY(mutex_) = false;
};

// Small and quick to give up: nothing waits for the deadlines of real life.
ServerOptions TestOptions();

class CapturedLogs;
// Whether a line contains `text`.
bool Logged(const CapturedLogs& logs, const std::string& text);

// POST /v1/echo/{id}: the Memory of the body with the path's id; GET: the id and the query's `text`.
// POST /v1/echo/{id}:feedback, POST /v1/later (answered from another thread), GET /v1/wait (the gate holds the
// reply), GET /v1/block (the gate holds the worker), GET /v1/cheap, GET /v1/fail/{code}, GET /v1/throw.
class HttpServer {
 public:
  explicit HttpServer(ServerOptions options = TestOptions(), bool open = true);
  ~HttpServer();

  uint16_t port() const { return server_->port(); }
  Server& server() { return *server_; }
  Gate& gate() { return *gate_; }
  // How often a handler ran.
  size_t handled() const { return *handled_; }
  Router Routes();

 private:
  std::shared_ptr<Gate> gate_ = std::make_shared<Gate>();
  std::shared_ptr<std::atomic<size_t>> handled_ = std::make_shared<std::atomic<size_t>>(0);
  std::unique_ptr<Server> server_;
};

}  // namespace engram
