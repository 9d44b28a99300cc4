// A server for tests of what speaks to foreign servers: one request a connection, plain or over TLS, answered by a
// function. Its certificate is made anew, for 127.0.0.1, and signed by itself.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace engram {

struct StubRequest {
  std::string method;
  std::string target;
  std::string head;  // request line and fields, names in lower case
  std::string body;

  std::string What() const { return method + " " + target; }
};

struct StubReply {
  int status = 200;
  std::string body;
  std::string fields;                    // "Retry-After: 1\r\n"
  size_t cut_after = std::string::npos;  // bytes of the body; then the connection ends
};

class StubServer {
 public:
  using Answer = std::function<StubReply(const StubRequest& request)>;  // called from the server's thread

  // `tls_folder`: where to put ca.pem; empty: plain HTTP.
  StubServer(Answer answer, const std::string& tls_folder);
  ~StubServer();
  StubServer(const StubServer&) = delete;
  StubServer& operator=(const StubServer&) = delete;

  std::string url() const;
  std::vector<StubRequest> requests() EXCLUDES(mutex_);

 private:
  class Tls;

  void Run();
  void Serve(int connection);

  const Answer answer_;
  std::unique_ptr<Tls> tls_;
  int listener_ = -1;
  int port_ = 0;
  Mutex mutex_;
  std::vector<StubRequest> requests_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace engram
