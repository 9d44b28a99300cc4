// The real program, serving a folder of its own on a free port until the test is over.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/served/server_process.h"

namespace engram {

class ServedStore {
 public:
  // Starts `engram serve` and waits until it answers. Fails the test when it ends instead.
  // `$ADMIN_KEY_FILE` among the options is a file with `admin_key`, `$BACKUP_DIR` a folder.
  explicit ServedStore(std::vector<std::string> options = {}, const std::string& admin_key = {});
  // Ends it with SIGTERM and removes the folder.
  ~ServedStore();
  ServedStore(const ServedStore&) = delete;
  ServedStore& operator=(const ServedStore&) = delete;

  uint16_t port() const { return process_ ? process_->port() : 0; }
  // What it has logged so far.
  std::string Log() const;

 private:
  std::string folder_;
  std::unique_ptr<ServerProcess> process_;
};

}  // namespace engram
