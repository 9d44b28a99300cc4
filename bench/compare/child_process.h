// A server as a child process with all its descendants: what it uses, where it may run, how it ends.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"

namespace engram::compare {

// Of /proc, summed over the processes; shared pages count once in all.
struct ProcessFigures {
  uint64_t anonymous_bytes = 0;
  uint64_t mapped_bytes = 0;  // of files
  uint64_t shared_bytes = 0;  // memory that processes share, such as PostgreSQL's buffers

  uint64_t resident_bytes() const { return anonymous_bytes + mapped_bytes + shared_bytes; }
};

// Confined to one thread.
class ChildProcess {
 public:
  // Runs `arguments`, its output appended to `log`. It ends with this program.
  static Result<std::unique_ptr<ChildProcess>> Start(const std::vector<std::string>& arguments, const std::string& log);
  // Kills.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // SIGKILL to it and all its descendants; returns when none is left.
  void Kill();
  bool IsAlive();
  // Its exit code, -1 when a signal ended it.
  int WaitUntilEnd();
  ProcessFigures figures() const;
  // That the processor has spent on it and its descendants, ended ones included.
  double cpu_seconds() const;
  // Every thread of it and its descendants.
  void RunOn(const std::vector<int>& cpus) const;
  const std::string& log() const { return log_; }

 private:
  ChildProcess(pid_t root, std::string log) : root_(root), log_(std::move(log)) {}
  // It and its descendants, whatever groups and sessions they have made for themselves.
  std::vector<pid_t> Members() const;

  const pid_t root_;
  const std::string log_;
  bool ended_ = false;
};

// The calling thread and those it starts from now on.
void RunThisThreadOn(const std::vector<int>& cpus);
// Of the machine, ascending, as far as this program may use them.
std::vector<int> UsableCpus();
// That nothing listens on now.
uint16_t FreePort();
// The last lines of a file, for messages.
std::string EndOf(const std::string& path, size_t bytes = 1500);
// Of all files beneath, as the disk holds them.
uint64_t DiskBytes(const std::string& folder);

}  // namespace engram::compare
