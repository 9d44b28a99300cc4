// What 1,000 clients that send a byte now and then cost one that behaves: the latency of its searches beside them and
// without them, in turn (A B B A …), as medians and as the ratio of their 99th percentiles.
//
// Half of the slow ones never finish a head, half a body; whom the server has left (408) comes again.
#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "bench/load/searches.h"
#include "bench/quality/machine.h"
#include "tests/served/server_process.h"
#include "tests/server/raw_client.h"

namespace engram {
namespace {

constexpr int kMemories = 2'000;
constexpr size_t kSlowClients = 1'000;
constexpr int kRounds = 4;
constexpr int kHealthyConnections = 2;
constexpr std::chrono::milliseconds kRun{3'000};
constexpr std::chrono::milliseconds kBetweenBytes{1'000};  // of one client

template <class T>
T OrDie(Result<T> result) {
  if (result.ok()) return std::move(result).value();
  std::fprintf(stderr, "slow_clients: %s\n", result.status().ToString().c_str());
  std::exit(1);
}

void OrDie(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "slow_clients: %s\n", status.ToString().c_str());
  std::exit(1);
}

// Both ends of each connection are descriptors, the server's in a process that inherits the limit.
void AllowDescriptors() {
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) std::fprintf(stderr, "slow_clients: descriptors stay limited\n");
}

// Connected and sending while it lives.
class SlowClients {
 public:
  SlowClients(uint16_t port, size_t count) : port_(port), clients_(count) {
    for (size_t i = 0; i < count; ++i) Come(i);
    thread_ = std::thread([this] { Run(); });
  }
  ~SlowClients() {
    stop_ = true;
    thread_.join();
  }
  SlowClients(const SlowClients&) = delete;
  SlowClients& operator=(const SlowClients&) = delete;

  // How many the server has left so far.
  size_t left() const { return left_; }

 private:
  void Come(size_t i) {
    clients_[i] = std::make_unique<RawClient>(port_);
    const bool head = i % 2 == 0;
    clients_[i]->Send(head ? "GET /v1/status HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
                           : "POST /v1/namespaces/n/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
                             "application/json\r\nContent-Length: 100000\r\n\r\n{\"text\":\"");
  }
  void Run() {
    const auto pause = kBetweenBytes / static_cast<int>(clients_.size());
    for (size_t i = 0; !stop_; i = (i + 1) % clients_.size()) {
      if (!clients_[i]->Send("x")) {
        ++left_;
        Come(i);
      }
      std::this_thread::sleep_for(pause);
    }
  }

  const uint16_t port_;
  std::vector<std::unique_ptr<RawClient>> clients_;
  std::atomic<bool> stop_{false};
  std::atomic<size_t> left_{0};
  std::thread thread_;
};

void Measure(Client& client, uint16_t port) {
  std::vector<Timings> alone;
  std::vector<Timings> beside;
  std::vector<double> ratios;
  size_t left = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto run_alone = [&] { alone.push_back(Search(client, SearchKind::kText, kHealthyConnections, kRun)); };
    if (round % 2 == 0) run_alone();
    {
      const SlowClients slow(port, kSlowClients);
      beside.push_back(Search(client, SearchKind::kText, kHealthyConnections, kRun));
      left += slow.left();
    }
    if (round % 2 == 1) run_alone();
    ratios.push_back(beside.back().p99_ms / alone.back().p99_ms);
  }
  std::sort(ratios.begin(), ratios.end());
  fmt::print("\nText searches of {} memories over {} connections; median of {} runs of {} s\n\n", kMemories,
             kHealthyConnections, kRounds, std::chrono::duration<double>(kRun).count());
  fmt::print("| beside | searches/s | p50 ms | p99 ms |\n|---|---|---|---|\n");
  for (const auto& [name, runs] :
       {std::pair{std::string("nobody"), &alone}, {fmt::format("{} slow clients", kSlowClients), &beside}}) {
    const Timings us = Median(*runs);
    fmt::print("| {} | {:.0f} | {:.2f} | {:.2f} |\n", name, us.per_second, us.p50_ms, us.p99_ms);
  }
  fmt::print("\nRatio of the 99th percentiles: {:.2f} (median), {:.2f} to {:.2f}. Slow clients that were left: {}\n",
             ratios[ratios.size() / 2], ratios.front(), ratios.back(), left);
}

int Main() {
  AllowDescriptors();
  std::string folder = (std::filesystem::temp_directory_path() / "engram-slow-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  {
    fmt::print("{}\n", quality::DescribeMachine());
    auto server = OrDie(ServerProcess::Start(ENGRAM_BINARY, folder + "/data", folder));
    ClientOptions options;
    options.port = server->port();
    auto client = OrDie(Client::Connect(options));
    OrDie(LoadMemories(*client, kMemories));
    Measure(*client, server->port());
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return 0;
}

}  // namespace
}  // namespace engram

int main() { return engram::Main(); }
