// Single writes by many writers at once, durable and not; how long a write takes to be found; searches beside writes.
#include <atomic>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "bench/compare/workloads/workloads.h"

namespace engram::compare {
namespace {

constexpr double kWritesPerSecond = 100;
constexpr size_t kBesideWriters = 4;
constexpr size_t kVisibleRounds = 10;
constexpr std::chrono::seconds kVisibleMax{30};

// Writes one new row a turn, prepared between two turns.
class Writer {
 public:
  Writer(const Bench& bench, const Peer& peer, std::string collection, Durability durability,
         std::unique_ptr<Session> session, std::atomic<uint32_t>* next_row)
      : bench_(bench),
        peer_(peer),
        collection_(std::move(collection)),
        durability_(durability),
        session_(std::move(session)),
        next_row_(next_row) {
    (void)Prepare();
  }

  Status Write() { return session_->Exchange(request_); }
  Status Prepare() {
    const Record record = CopyOf(bench_.data, next_row_->fetch_add(1));
    request_ = peer_.PrepareWrite(collection_, {&record, 1}, durability_);
    return {};
  }
  Work AsWork() {
    return {[this](uint64_t) { return Write(); }, [this](uint64_t) { return Prepare(); }};
  }

 private:
  const Bench& bench_;
  const Peer& peer_;
  const std::string collection_;
  const Durability durability_;
  const std::unique_ptr<Session> session_;
  std::atomic<uint32_t>* const next_row_;
  Prepared request_;
};

Result<std::vector<std::unique_ptr<Writer>>> MakeWriters(const Bench& bench, const Peer& peer, size_t count,
                                                         const std::string& collection, Durability durability,
                                                         std::atomic<uint32_t>* next_row) {
  std::vector<std::unique_ptr<Writer>> writers;
  for (size_t i = 0; i < count; ++i) {
    ASSIGN_OR_RETURN(std::unique_ptr<Session> session, peer.NewSession({.durability = durability}));
    writers.push_back(std::make_unique<Writer>(bench, peer, collection, durability, std::move(session), next_row));
  }
  return writers;
}

std::vector<Work> WorksOf(const std::vector<std::unique_ptr<Writer>>& writers) {
  std::vector<Work> works;
  for (const std::unique_ptr<Writer>& writer : writers) works.push_back(writer->AsWork());
  return works;
}

// Makes `collection` in every system; one that fails is noted, one that doesn't offer it will say so when it is asked.
void CreateEverywhere(Bench& bench, const std::string& workload, const std::string& collection,
                      const CollectionOptions& options) {
  for (const std::unique_ptr<Peer>& peer : bench.peers) {
    const Status status = peer->Create(collection, options);
    if (!status.ok() && status.code() != StatusCode::kFailedPrecondition) {
      bench.results.AddMissing(peer->name(), workload, status);
    }
  }
}

void CompareWrites(Bench& bench, Durability durability) {
  const std::string collection = durability == Durability::kFsync ? "writes_fsync" : "writes_relaxed";
  const Parameters parameters = {{"writers", static_cast<double>(bench.options.writers)},
                                 {"durability", std::string(durability == Durability::kFsync ? "fsync" : "relaxed")}};
  CreateEverywhere(bench, "writes", collection, {.dimensions = bench.data.dimensions(), .durability = durability});
  std::atomic<uint32_t> next_row = 0;
  const Apart apart(bench);
  InTurn(bench, "writes", [&](Peer& peer) -> Status {
    ASSIGN_OR_RETURN(const auto writers,
                     MakeWriters(bench, peer, bench.options.writers, collection, durability, &next_row));
    ASSIGN_OR_RETURN(const LoopFigures figures,
                     RunClosedLoop(WorksOf(writers), bench.options.warm_up, bench.options.duration));
    const Point point{"writes", peer.name(), bench.data.name(), parameters};
    bench.results.Add(point, "qps", "1/s", figures.per_second());
    AddLatencies(point, figures.latency, &bench.results);
    return {};
  });
  SayMedians(bench, "writes", parameters);
}

// Milliseconds from the beginning of a write to the first search that brings its row.
Result<double> TimeUntilFound(Session& session, const Prepared& write, const Prepared& search, uint32_t row) {
  const auto begin = std::chrono::steady_clock::now();
  RETURN_IF_ERROR(session.Exchange(write));
  while (std::chrono::steady_clock::now() < begin + kVisibleMax) {
    RETURN_IF_ERROR(session.Exchange(search));
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    Rows rows;
    RETURN_IF_ERROR(session.ReadRows(&rows));
    if (std::find(rows.begin(), rows.end(), row) != rows.end()) return took.count();
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return DeadlineExceeded(fmt::format("row {} is not found after {} s", row, kVisibleMax.count()));
}

}  // namespace

void RunWrites(Bench& bench) {
  CompareWrites(bench, Durability::kFsync);
  CompareWrites(bench, Durability::kRelaxed);
}

void RunVisible(Bench& bench) {
  const std::string collection = "visible";
  CreateEverywhere(bench, "visible", collection, {.dimensions = bench.data.dimensions()});
  uint32_t row = 0;
  const Apart apart(bench);
  for (const bool by_text : {false, true}) {
    const Parameters parameters = {{"by", std::string(by_text ? "text" : "vector")}};
    InTurn(bench, "visible", [&](Peer& peer) -> Status {
      const Point point{"visible", peer.name(), bench.data.name(), parameters};
      ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, peer.NewSession({}));
      Histogram times;
      for (size_t round = 0; round < kVisibleRounds; ++round) {
        // A row that nothing else resembles: its own vector is its nearest, and no other has its word.
        Record record = CopyOf(bench.data, row++);
        const std::string word = fmt::format("mark{}", record.row);
        const std::string text = fmt::format("{} {}", record.text, word);
        record.text = text;
        const Query query = by_text ? Query{.text = word} : Query{.vector = record.vector};
        ASSIGN_OR_RETURN(const double ms,
                         TimeUntilFound(*session, peer.PrepareWrite(collection, {&record, 1}, Durability::kFsync),
                                        peer.PrepareSearch(collection, query), record.row));
        times.Add(std::chrono::nanoseconds(static_cast<int64_t>(ms * 1e6)));
      }
      AddLatencies(point, times, &bench.results);
      return {};
    });
    SayMedians(bench, "visible", parameters);
  }
}

void RunReadsDuringWrites(Bench& bench) {
  constexpr uint32_t kEf = 100;
  const size_t connections = bench.options.connections.back();
  const Parameters parameters = {{"connections", static_cast<double>(connections)}, {"writes_per_s", kWritesPerSecond}};
  std::atomic<uint32_t> next_row = bench.next_row;
  SearchLoad load{.connections = connections, .ef = kEf};
  for (size_t i = 0; i < bench.data.queries(); ++i) {
    load.queries.push_back({.vector = bench.data.QueryVector(i), .ef = kEf});
  }
  const Apart apart(bench);
  InTurn(bench, "reads_during_writes", [&](Peer& peer) -> Status {
    const Point point{"reads_during_writes", peer.name(), bench.data.name(), parameters};
    ASSIGN_OR_RETURN(const auto writers,
                     MakeWriters(bench, peer, kBesideWriters, kMemories, Durability::kFsync, &next_row));
    Result<LoopFigures> written = Internal("not run");
    std::thread writing([&] {
      written = RunOpenLoop(WorksOf(writers), kWritesPerSecond, bench.options.warm_up + bench.options.duration);
    });
    Status status = MeasureSearches(bench, peer, point, load, &bench.results);
    writing.join();
    RETURN_IF_ERROR(std::move(status));
    RETURN_IF_ERROR(written.status());
    bench.results.Add(point, "write_p50_ms", "ms", written->latency.QuantileMs(0.5));
    bench.results.Add(point, "write_p99_ms", "ms", written->latency.QuantileMs(0.99));
    bench.results.Add(point, "writes_done_per_s", "1/s", written->per_second());
    return {};
  });
  bench.next_row = next_row;
  SayMedians(bench, "reads_during_writes", parameters);
}

}  // namespace engram::compare
