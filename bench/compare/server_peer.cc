#include "bench/compare/server_peer.h"

#include <sys/wait.h>

#include <filesystem>
#include <thread>

#include <fmt/format.h>

namespace engram::compare {
namespace {

constexpr std::chrono::minutes kStartMax{2};

}  // namespace

ServerPeer::ServerPeer(std::string folder, uint16_t port) : folder_(std::move(folder)), port_(port) {
  std::filesystem::create_directories(data_folder());
}

Status ServerPeer::Launch() {
  ASSIGN_OR_RETURN(process_, ChildProcess::Start(Arguments(), folder_ + "/log"));
  return {};
}

Status ServerPeer::WaitUntilReady() {
  const auto deadline = std::chrono::steady_clock::now() + kStartMax;
  Status status = Probe();
  while (!status.ok()) {
    if (!process_->IsAlive()) return Unavailable(fmt::format("{} ended:\n{}", name(), EndOf(process_->log())));
    if (std::chrono::steady_clock::now() > deadline) {
      return DeadlineExceeded(fmt::format("{} is not ready: {}\n{}", name(), status.message(), EndOf(process_->log())));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    status = Probe();
  }
  return {};
}

Status Fetch(const std::string& script, const std::string& folder) {
  std::filesystem::create_directories(folder);
  const std::filesystem::path path(script);
  const std::string log = folder + "/fetch-" + path.filename().string() + ".log";
  ASSIGN_OR_RETURN(const std::unique_ptr<ChildProcess> fetch, ChildProcess::Start({script, "fetch"}, log));
  const int exit_code = fetch->WaitUntilEnd();
  if (exit_code != 0) return Unavailable(fmt::format("{} fetch failed: {}", path.filename().string(), EndOf(log, 300)));
  return {};
}

}  // namespace engram::compare
