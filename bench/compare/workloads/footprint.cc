// What a system holds in memory and on disk after it was loaded and searched.
#include "bench/compare/workloads/workloads.h"

namespace engram::compare {

void RunFootprint(Bench& bench) {
  constexpr const char* kName = "footprint";
  const auto rows = static_cast<double>(bench.data.size());
  InTurn(bench, kName, [&](Peer& peer) -> Status {
    const Point point{kName, peer.name(), bench.data.name()};
    const ProcessFigures figures = peer.process().figures();
    const auto add = [&](const std::string& metric, uint64_t bytes) {
      bench.results.Add(point, metric + "_bytes", "B", static_cast<double>(bytes));
      bench.results.Add(point, metric + "_bytes_per_row", "B", static_cast<double>(bytes) / rows);
    };
    ASSIGN_OR_RETURN(const uint64_t in_use, peer.InUseBytes());
    add("in_use", in_use);
    add("resident", figures.resident_bytes());
    add("anonymous", figures.anonymous_bytes);
    add("mapped", figures.mapped_bytes);
    add("shared", figures.shared_bytes);
    add("disk", DiskBytes(peer.data_folder()));
    return {};
  });
  SayMedians(bench, kName, {});
}

}  // namespace engram::compare
