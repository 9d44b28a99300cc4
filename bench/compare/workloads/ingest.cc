// Everything into every system, one after the other, once: what it takes to accept the rows, and to make them
// searchable as they are meant to be searched.
#include <fmt/format.h>

#include "bench/compare/workloads/workloads.h"

namespace engram::compare {
namespace {

constexpr const char* kName = "ingest";

Status Ingest(Bench& bench, Peer& peer, const Parameters& parameters) {
  const Point point{kName, peer.name(), bench.data.name(), parameters};
  RETURN_IF_ERROR(peer.Create(kMemories, {.dimensions = bench.data.dimensions(), .bulk = true}));
  const auto begin = std::chrono::steady_clock::now();
  RETURN_IF_ERROR(peer.Load(kMemories, bench.data, bench.options.load_connections));
  const double load = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  ASSIGN_OR_RETURN(const double finish, peer.Finish(kMemories));
  bench.results.Add(point, "load_s", "s", load);
  bench.results.Add(point, "finish_s", "s", finish);
  bench.results.Add(point, "rows_per_s", "1/s", static_cast<double>(bench.data.size()) / (load + finish));
  Say(fmt::format("ingest: {} has {} rows after {:.1f} s, finished after {:.1f} s more", peer.name(), bench.data.size(),
                  load, finish));
  return {};
}

}  // namespace

void RunIngest(Bench& bench) {
  const Parameters parameters = {{"connections", static_cast<double>(bench.options.load_connections)}};
  std::vector<std::unique_ptr<Peer>> loaded;
  for (std::unique_ptr<Peer>& peer : bench.peers) {
    const Status status = Ingest(bench, *peer, parameters);
    if (status.ok()) {
      loaded.push_back(std::move(peer));
      continue;
    }
    Say(fmt::format("{} can't be loaded and is left out from here on: {}", peer->name(), status.message()));
    bench.results.AddMissing(peer->name(), kName, status);
  }
  bench.peers = std::move(loaded);
  WarmUp(bench);
  bench.next_row = static_cast<uint32_t>(bench.data.size());
}

}  // namespace engram::compare
