#include "bench/compare/workloads/bench.h"

#include <algorithm>
#include <ctime>

#include <fmt/format.h>

namespace engram::compare {
namespace {

struct Counts {
  uint64_t searches = 0;
  uint64_t hits = 0;
  uint64_t wanted = 0;
  uint64_t matched = 0;
};

void Count(const Rows& found, const Rows* truth, Counts* counts) {
  ++counts->searches;
  counts->hits += found.size();
  if (truth == nullptr) return;
  counts->wanted += truth->size();
  for (const uint32_t row : *truth) {
    if (std::find(found.begin(), found.end(), row) != found.end()) ++counts->matched;
  }
}

}  // namespace

Apart::Apart(const Bench& bench) : bench_(bench) {
  if (bench_.cpus.size() < 2) return;
  const std::vector<int> servers(bench_.cpus.begin(), bench_.cpus.end() - 1);
  for (const std::unique_ptr<Peer>& peer : bench_.peers) peer->process().RunOn(servers);
  RunThisThreadOn({bench_.cpus.back()});
}

Apart::~Apart() {
  for (const std::unique_ptr<Peer>& peer : bench_.peers) peer->process().RunOn(bench_.cpus);
  RunThisThreadOn(bench_.cpus);
}

void Say(const std::string& line) {
  const std::time_t now = std::time(nullptr);
  tm utc{};
  gmtime_r(&now, &utc);
  fmt::print(stderr, "{:02}:{:02}:{:02} {}\n", utc.tm_hour, utc.tm_min, utc.tm_sec, line);
}

void InTurn(Bench& bench, const std::string& workload, const std::function<Status(Peer& peer)>& measure) {
  std::vector<Peer*> asked;
  for (const std::unique_ptr<Peer>& peer : bench.peers) asked.push_back(peer.get());
  for (size_t repetition = 0; repetition < bench.options.repetitions; ++repetition) {
    std::vector<Peer*> order = asked;
    if (repetition % 2 == 1) std::reverse(order.begin(), order.end());
    for (Peer* peer : order) {
      const Status status = measure(*peer);
      if (status.ok()) continue;
      const bool offered = status.code() != StatusCode::kFailedPrecondition;
      Say(fmt::format("{} {} {}: {}", workload, offered ? "FAILED on" : "is not offered by", peer->name(),
                      status.message()));
      bench.results.AddMissing(peer->name(), workload, status);
      asked.erase(std::find(asked.begin(), asked.end(), peer));
    }
  }
}

void AddLatencies(const Point& point, const Histogram& latency, Results* results) {
  results->Add(point, "p50_ms", "ms", latency.QuantileMs(0.5));
  results->Add(point, "p95_ms", "ms", latency.QuantileMs(0.95));
  results->Add(point, "p99_ms", "ms", latency.QuantileMs(0.99));
}

Status MeasureSearches(const Bench& bench, Peer& peer, const Point& point, const SearchLoad& load, Results* results) {
  std::vector<Prepared> requests;
  for (const Query& query : load.queries) requests.push_back(peer.PrepareSearch(load.collection, query));
  const bool selective = std::any_of(load.queries.begin(), load.queries.end(), [](const Query& query) {
    return query.u_below.has_value() || !query.tenant.empty() || !query.text.empty();
  });
  std::vector<std::unique_ptr<Session>> sessions;
  std::vector<Counts> counts(load.connections);
  std::vector<Rows> found(load.connections);
  std::vector<Work> works;
  for (size_t i = 0; i < load.connections; ++i) {
    ASSIGN_OR_RETURN(sessions.emplace_back(), peer.NewSession({.ef = load.ef, .selective = selective}));
    const auto query_of = [&, i](uint64_t turn) { return (turn * load.connections + i) % requests.size(); };
    works.push_back({[&, i, query_of](uint64_t turn) { return sessions[i]->Exchange(requests[query_of(turn)]); },
                     [&, i, query_of](uint64_t turn) -> Status {
                       RETURN_IF_ERROR(sessions[i]->ReadRows(&found[i]));
                       Count(found[i], load.truth == nullptr ? nullptr : &(*load.truth)[query_of(turn)], &counts[i]);
                       return {};
                     }});
  }
  const double cpu_before = peer.process().cpu_seconds();
  ASSIGN_OR_RETURN(const LoopFigures figures,
                   RunClosedLoop(works, bench.options.warm_up, load.duration.value_or(bench.options.duration)));
  const double cpu = peer.process().cpu_seconds() - cpu_before;
  Counts all;
  for (const Counts& some : counts) {
    all.searches += some.searches;
    all.hits += some.hits;
    all.wanted += some.wanted;
    all.matched += some.matched;
  }
  if (all.hits == 0) return Internal("no search found anything");
  results->Add(point, "qps", "1/s", figures.per_second());
  AddLatencies(point, figures.latency, results);
  const auto searches = static_cast<double>(all.searches);
  results->Add(point, "hits", "count", static_cast<double>(all.hits) / searches);
  results->Add(point, "server_cpu_us", "us", 1e6 * cpu / searches);
  if (all.wanted > 0) {
    results->Add(point, "recall_at_10", "ratio", static_cast<double>(all.matched) / static_cast<double>(all.wanted));
  }
  return {};
}

void WarmUp(const Bench& bench) {
  constexpr size_t kConnections = 4;
  if (bench.options.warming.count() == 0) return;
  Results aside("");
  for (const std::unique_ptr<Peer>& peer : bench.peers) {
    for (const auto& [text, vector] : {std::pair(false, true), std::pair(true, false), std::pair(true, true)}) {
      SearchLoad load{.connections = kConnections, .duration = bench.options.warming};
      for (size_t i = 0; i < bench.data.queries(); ++i) {
        load.queries.push_back({.text = text ? std::string_view(bench.data.QueryText(i)) : std::string_view(),
                                .vector = vector ? bench.data.QueryVector(i) : std::span<const float>()});
      }
      const Status status = MeasureSearches(bench, *peer, {"warming", peer->name(), bench.data.name()}, load, &aside);
      if (!status.ok()) Say(fmt::format("warming {}: {}", peer->name(), status.message()));
    }
  }
}

void CompareSearches(Bench& bench, const std::string& workload, const Parameters& parameters, const SearchLoad& load) {
  InTurn(bench, workload, [&](Peer& peer) {
    return MeasureSearches(bench, peer, {workload, peer.name(), bench.data.name(), parameters}, load, &bench.results);
  });
  SayMedians(bench, workload, parameters);
}

void SayMedians(const Bench& bench, const std::string& workload, const Parameters& parameters) {
  std::string line = workload;
  for (const auto& [name, value] : parameters) {
    const auto* text = std::get_if<std::string>(&value);
    line +=
        text != nullptr ? fmt::format(" {}={}", name, *text) : fmt::format(" {}={:g}", name, std::get<double>(value));
  }
  for (const Measurement& measurement : bench.results.measurements()) {
    const Point& point = measurement.point;
    if (point.workload != workload || point.parameters != parameters || point.data != bench.data.name()) continue;
    line += fmt::format("\n           {:<11}", point.system);
    for (const auto& [name, metric] : measurement.metrics) {
      line += fmt::format(" {} {:.4g}{}", name, metric.Median(), metric.unsteady() ? "~" : "");
    }
  }
  Say(line);
}

Record CopyOf(const DataSet& data, uint32_t row) {
  Record record = data.At(row % data.size());
  record.row = row;
  return record;
}

}  // namespace engram::compare
