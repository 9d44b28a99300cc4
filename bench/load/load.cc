// Prints durable single-memory writes a second at 1, 16 and 64 connections beside raw RocksDB in the same run, and the
// latency of searches over 10,000 memories.
//
// The server is the real program in a process of its own on the same machine; client and server share its cores. Writes
// and their floor are run in turn (A B B A …) and told as medians, since machines are shared and noisy.
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "bench/load/raw_store.h"
#include "bench/load/searches.h"
#include "bench/load/writes.h"
#include "bench/quality/machine.h"
#include "tests/served/server_process.h"

namespace engram {
namespace {

constexpr int kMemories = 10'000;
constexpr int kRounds = 5;
constexpr std::chrono::milliseconds kRun{2'000};

template <class T>
T OrDie(Result<T> result) {
  if (result.ok()) return std::move(result).value();
  std::fprintf(stderr, "load: %s\n", result.status().ToString().c_str());
  std::exit(1);
}

void OrDie(const Status& status) {
  if (status.ok()) return;
  std::fprintf(stderr, "load: %s\n", status.ToString().c_str());
  std::exit(1);
}

void MeasureWrites(Client& client, Store& raw) {
  fmt::print(
      "\nDurable writes of one memory ({} bytes of text and vector), reply after fdatasync; median of {} runs of {} "
      "s\n\n",
      WriteBytes(), kRounds, std::chrono::duration<double>(kRun).count());
  fmt::print(
      "| connections | writes/s | p50 ms | p99 ms | raw RocksDB synced batches/s | ratio "
      "|\n|---|---|---|---|---|---|\n");
  for (const int connections : {1, 16, 64}) {
    std::vector<Timings> ours;
    std::vector<Timings> theirs;
    for (int round = 0; round < kRounds; ++round) {
      const bool raw_first = round % 2 == 1;
      if (raw_first) theirs.push_back(WriteRawBatches(raw, connections, WriteBytes(), kRun));
      ours.push_back(WriteMemories(client, connections, kRun));
      if (!raw_first) theirs.push_back(WriteRawBatches(raw, connections, WriteBytes(), kRun));
    }
    const Timings us = Median(ours);
    const Timings them = Median(theirs);
    fmt::print("| {} | {:.0f} | {:.2f} | {:.2f} | {:.0f} | {:.2f} |\n", connections, us.per_second, us.p50_ms,
               us.p99_ms, them.per_second, us.per_second / them.per_second);
    std::fflush(stdout);
  }
}

void MeasureSearches(Client& client) {
  OrDie(LoadMemories(client, kMemories));
  fmt::print("\nSearches of {} memories (20 words, 384 dimensions), top 10, exact; median of {} runs of {} s\n\n",
             kMemories, kRounds, std::chrono::duration<double>(kRun).count());
  fmt::print("| search | connections | searches/s | p50 ms | p99 ms |\n|---|---|---|---|---|\n");
  for (const auto& [kind, name] : {std::pair{SearchKind::kText, "text, 5 words"},
                                   {SearchKind::kVector, "vector"},
                                   {SearchKind::kHybrid, "hybrid"}}) {
    for (const int connections : {1, 16}) {
      std::vector<Timings> runs;
      for (int round = 0; round < kRounds; ++round) runs.push_back(Search(client, kind, connections, kRun));
      const Timings us = Median(runs);
      fmt::print("| {} | {} | {:.0f} | {:.2f} | {:.2f} |\n", name, connections, us.per_second, us.p50_ms, us.p99_ms);
      std::fflush(stdout);
    }
  }
}

int Main() {
  std::string folder = (std::filesystem::temp_directory_path() / "engram-load-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) return 1;
  {
    fmt::print("{}\n", quality::DescribeMachine());
    auto server = OrDie(ServerProcess::Start(ENGRAM_BINARY, folder + "/data", folder));
    ClientOptions options;
    options.port = server->port();
    options.idle_connections_max = 64;
    auto client = OrDie(Client::Connect(options));
    StoreOptions raw_options;
    raw_options.path = folder + "/raw";
    auto raw = OrDie(Store::Open(raw_options));
    MeasureWrites(*client, *raw);
    MeasureSearches(*client);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return 0;
}

}  // namespace
}  // namespace engram

int main() { return engram::Main(); }
