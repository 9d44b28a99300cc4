// From the start of a process that was killed without a warning to its first right answer. The kernel still has the
// files in memory, for every system alike.
#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "bench/compare/workloads/workloads.h"

namespace engram::compare {
namespace {

constexpr std::chrono::minutes kStartMax{5};
constexpr size_t kRight = 8;  // of ten, of which an approximate search may miss some
constexpr uint32_t kEf = 200;

// The rows that a new connection gets for the first query.
Result<Rows> Ask(const Bench& bench, const Peer& peer) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, peer.NewSession({.ef = kEf}));
  RETURN_IF_ERROR(session->Exchange(peer.PrepareSearch(kMemories, {.vector = bench.data.QueryVector(0), .ef = kEf})));
  Rows rows;
  RETURN_IF_ERROR(session->ReadRows(&rows));
  return rows;
}

Status Restart(Bench& bench, Peer& peer, const Rows& truth) {
  peer.process().Kill();
  const auto begin = std::chrono::steady_clock::now();
  RETURN_IF_ERROR(peer.Launch());
  for (;;) {
    const Result<Rows> found = Ask(bench, peer);
    if (found.status().code() == StatusCode::kFailedPrecondition) return found.status();
    if (found.ok()) {
      const auto right = std::count_if(found->begin(), found->end(), [&](uint32_t row) {
        return std::find(truth.begin(), truth.end(), row) != truth.end();
      });
      if (static_cast<size_t>(right) >= std::min(kRight, truth.size())) break;
    }
    if (std::chrono::steady_clock::now() > begin + kStartMax) {
      return DeadlineExceeded("no right answer came: " + found.status().message());
    }
    if (!peer.process().IsAlive()) return Unavailable("it ended: " + EndOf(peer.process().log()));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  bench.results.Add({"cold_start", peer.name(), bench.data.name()}, "first_answer_ms", "ms", took.count());
  return {};
}

}  // namespace

void RunColdStart(Bench& bench) {
  const Truth truth = bench.data.Nearest(1, std::nullopt);
  InTurn(bench, "cold_start", [&](Peer& peer) { return Restart(bench, peer, truth[0]); });
  SayMedians(bench, "cold_start", {});
  for (const std::unique_ptr<Peer>& peer : bench.peers) {
    if (const Status status = peer->WaitUntilReady(); !status.ok()) {
      Say(fmt::format("{} does not come back: {}", peer->name(), status.message()));
      bench.results.AddMissing(peer->name(), "cold_start", status);
    }
  }
  WarmUp(bench);
}

}  // namespace engram::compare
