// The real program as a child process, for tests and benchmarks that need a server of their own.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"

namespace engram {

// Confined to one thread.
class ServerProcess {
 public:
  // Starts `binary serve` over `data` on a free port and waits until it answers; what it says goes to `scratch`/log.
  // Unavailable with its log when it ends instead.
  // `launcher` is a command that ends in executing the one behind it in its own place, such as "/usr/bin/env -i".
  static Result<std::unique_ptr<ServerProcess>> Start(const std::string& binary, const std::string& data,
                                                      const std::string& scratch,
                                                      const std::vector<std::string>& options = {},
                                                      const std::vector<std::string>& launcher = {});
  // The same, without waiting.
  static std::unique_ptr<ServerProcess> Launch(const std::string& binary, const std::string& data,
                                               const std::string& scratch, const std::vector<std::string>& options,
                                               const std::vector<std::string>& launcher);
  // Ends it with SIGTERM when that was not done.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  uint16_t port() const { return port_; }
  pid_t pid() const { return process_; }

  // Waits until it answers. Unavailable with its log when it has ended instead, or doesn't in a minute.
  Status AwaitReady();
  // How it ended, as waitpid says it; nothing when it has not within `limit`.
  std::optional<int> AwaitEnd(std::chrono::milliseconds limit);
  // SIGTERM, without waiting.
  void AskToEnd() const;

  // SIGTERM, and the end of its work: true when it ended with exit code 0.
  bool Terminate();
  // SIGKILL: no destructor runs, no buffer is flushed.
  void Kill();

 private:
  ServerProcess(pid_t process, std::string scratch) : process_(process), scratch_(std::move(scratch)) {}

  pid_t process_;  // -1: it has ended, and was waited for
  std::string scratch_;
  uint16_t port_ = 0;
  std::optional<int> end_;
};

// The whole file; empty when there is none.
std::string ReadWholeFile(const std::string& path);

}  // namespace engram
