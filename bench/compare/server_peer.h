// What is common to peers that are a process on a port of this machine.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "bench/compare/peer.h"

namespace engram::compare {

// Confined to one thread, as Peer says.
class ServerPeer : public Peer {
 public:
  // `folder` is made; data and the log are in it.
  ServerPeer(std::string folder, uint16_t port);

  Status Launch() override;
  Status WaitUntilReady() override;
  ChildProcess& process() override { return *process_; }
  Result<uint64_t> InUseBytes() override { return process_->figures().resident_bytes(); }
  std::string data_folder() const override { return folder_ + "/data"; }

 protected:
  // Of the process, over data_folder() and port().
  virtual std::vector<std::string> Arguments() const = 0;
  // Whether it can be asked something.
  virtual Status Probe() = 0;

  uint16_t port() const { return port_; }

 private:
  const std::string folder_;
  const uint16_t port_;
  std::unique_ptr<ChildProcess> process_;
};

// Runs `script fetch` and waits; Unavailable with what it complained of.
Status Fetch(const std::string& script, const std::string& folder);

}  // namespace engram::compare
