// The real program as a child process, for tests and benchmarks that need a server of their own.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace engram {

// Confined to one thread.
class ServerProcess {
 public:
  // Starts `binary serve` over `data` on a free port and waits until it answers; what it says goes to `scratch`/log.
  // Unavailable with its log when it ends instead.
  static Result<std::unique_ptr<ServerProcess>> Start(const std::string& binary, const std::string& data,
                                                      const std::string& scratch,
                                                      const std::vector<std::string>& options = {});
  // Ends it with SIGTERM when that was not done.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  uint16_t port() const { return port_; }
  pid_t pid() const { return process_; }

  // SIGTERM, and the end of its work: true when it ended with exit code 0.
  bool Terminate();
  // SIGKILL: no destructor runs, no buffer is flushed.
  void Kill();

 private:
  ServerProcess(pid_t process, uint16_t port) : process_(process), port_(port) {}

  pid_t process_;
  uint16_t port_;
};

// The whole file; empty when there is none.
std::string ReadWholeFile(const std::string& path);

}  // namespace engram
