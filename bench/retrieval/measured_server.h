// The real server as a process over a folder of its own, and what can be seen of it from outside.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "client/cpp/client.h"
#include "tests/served/server_process.h"

namespace engram::bench {

inline constexpr const char* kNamespace = "bench";

// Ends the program with what went wrong, and the server with it. At most one is running.
[[noreturn]] void Die(const std::string& message);
void OrDie(const Status& status);
template <class T>
T OrDie(Result<T> result) {
  OrDie(result.status());
  return std::move(result).value();
}

// Of /proc, so of the whole process.
struct ProcessFigures {
  uint64_t anonymous_bytes = 0;
  uint64_t resident_bytes = 0;
  double cpu_seconds = 0;
};

// Of /metrics.
struct SealingFigures {
  uint64_t sealed = 0;
  uint64_t merged = 0;
  uint64_t failed = 0;
  uint64_t behind = 0;  // namespaces whose writers are sent away
  uint64_t jobs = 0;    // namespaces that wait to be sealed or merged, or are at it
  double index_bytes = 0;
};

// Confined to one thread, but for MakeClient().
class MeasuredServer {
 public:
  // `folder`: made, emptied of nothing and kept when given, else a temporary one that goes with this. `options` are
  // those of `engram serve`.
  MeasuredServer(const std::string& folder, std::vector<std::string> options);
  ~MeasuredServer();
  MeasuredServer(const MeasuredServer&) = delete;
  MeasuredServer& operator=(const MeasuredServer&) = delete;

  // Returns once it serves.
  void Start();
  void Kill();
  // A client that neither repeats nor compresses anything, with connections of its own.
  std::unique_ptr<Client> MakeClient() const;

  ProcessFigures process() const;
  Result<SealingFigures> sealing(Client& client) const;
  // Reads the namespace, for what nobody reads gets no graphs; then waits until for three seconds nothing was sealed or
  // merged and the process used less than a twentieth of a core in the last of them; false when `most` has passed
  // first. REQUIRES: nobody asks it anything.
  bool WaitUntilAtRest(std::chrono::seconds most) const;
  // Whether its figures of sealing are those of `before` and it uses less than a twentieth of a core for a second.
  bool IsIdleSince(const SealingFigures& before, Client& client) const;

  pid_t pid() const { return process_->pid(); }
  std::string data() const { return folder_ + "/data"; }
  // Lines of its log that tell of warnings and errors.
  std::vector<std::string> Complaints() const;

 private:
  std::string folder_;
  const bool temporary_;
  const std::vector<std::string> options_;
  std::unique_ptr<ServerProcess> process_;
};

double SecondsSince(std::chrono::steady_clock::time_point begin);

}  // namespace engram::bench
