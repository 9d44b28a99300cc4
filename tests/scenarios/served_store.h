// The real program, serving a folder of its own on a free port until the test is over.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

namespace engram {

class ServedStore {
 public:
  // Starts `engram serve` and waits until it answers. Fails the test when it ends instead. Serves `data`, which stays,
  // or a folder of its own.
  explicit ServedStore(const std::vector<std::string>& options = {}, const std::string& data = {});
  // Ends it with SIGTERM, unless it was killed, and removes its own folder.
  ~ServedStore();
  ServedStore(const ServedStore&) = delete;
  ServedStore& operator=(const ServedStore&) = delete;

  uint16_t port() const { return port_; }
  // SIGKILL: no destructor runs, no buffer is flushed.
  void Kill();
  // What it has logged so far.
  std::string Log() const;

 private:
  std::string folder_;
  pid_t process_ = -1;
  uint16_t port_ = 0;
};

}  // namespace engram
