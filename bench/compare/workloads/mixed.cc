// Users who each do something five times a second, whatever the server does: nine of ten times they ask by text and
// vector, twice of these under a filter, once they write a memory, durably.
#include <atomic>

#include "bench/compare/workloads/workloads.h"

namespace engram::compare {
namespace {

constexpr double kTurnsPerSecond = 5;
constexpr uint32_t kEf = 100;
constexpr uint32_t kPassing = 1000;  // a tenth

// One user of one system.
class User {
 public:
  User(const Bench& bench, const Peer& peer, std::unique_ptr<Session> session, size_t number,
       std::atomic<uint32_t>* next_row)
      : bench_(bench), peer_(peer), session_(std::move(session)), number_(number), next_row_(next_row) {
    (void)Prepare(0);
  }

  Work AsWork() {
    return {[this](uint64_t) { return session_->Exchange(request_); },
            [this](uint64_t turn) { return Prepare(turn + 1); }};
  }

 private:
  Status Prepare(uint64_t turn) {
    const size_t kind = (turn + number_) % 10;
    const size_t query = turn * 97 + number_;
    Query asked{.text = bench_.data.QueryText(query), .vector = bench_.data.QueryVector(query), .ef = kEf};
    if (kind == 0) {
      const Record record = CopyOf(bench_.data, next_row_->fetch_add(1));
      request_ = peer_.PrepareWrite(kMemories, {&record, 1}, Durability::kFsync);
      return {};
    }
    if (kind <= 2) asked.u_below = kPassing;
    request_ = peer_.PrepareSearch(kMemories, asked);
    return {};
  }

  const Bench& bench_;
  const Peer& peer_;
  const std::unique_ptr<Session> session_;
  const size_t number_;
  std::atomic<uint32_t>* const next_row_;
  Prepared request_;
};

}  // namespace

void RunMixed(Bench& bench) {
  std::atomic<uint32_t> next_row = bench.next_row;
  const Apart apart(bench);
  for (const size_t users : bench.options.users) {
    const Parameters parameters = {{"users", static_cast<double>(users)}};
    InTurn(bench, "mixed", [&](Peer& peer) -> Status {
      std::vector<std::unique_ptr<User>> all;
      std::vector<Work> works;
      for (size_t i = 0; i < users; ++i) {
        ASSIGN_OR_RETURN(std::unique_ptr<Session> session, peer.NewSession({.ef = kEf, .selective = true}));
        all.push_back(std::make_unique<User>(bench, peer, std::move(session), i, &next_row));
        works.push_back(all.back()->AsWork());
      }
      ASSIGN_OR_RETURN(const LoopFigures figures,
                       RunOpenLoop(works, static_cast<double>(users) * kTurnsPerSecond, bench.options.duration));
      const Point point{"mixed", peer.name(), bench.data.name(), parameters};
      AddLatencies(point, figures.latency, &bench.results);
      bench.results.Add(point, "qps", "1/s", figures.per_second());
      bench.results.Add(point, "answered_share", "ratio",
                        static_cast<double>(figures.requests) / static_cast<double>(figures.due));
      return {};
    });
    SayMedians(bench, "mixed", parameters);
  }
  bench.next_row = next_row;
}

}  // namespace engram::compare
