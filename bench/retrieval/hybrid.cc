// Prints latencies and throughput of text, vector, filtered and hybrid searches of one namespace at rest, over HTTP;
// and a vector search over HTTP beside bare stock hnswlib in this process, at equal recall@10, each on one core.
//
//   ./dev bench hybrid -- --rows 1000000 --dimensions 768 --json hybrid.json
//
// The server is the real program in a process of its own on the same machine; client and server share its cores, but
// for the comparison, where the server has core 0 and the client, or hnswlib, core 1: in turn, A B B A, by wall time.
// The client then keeps four requests under way, so that neither core waits for the other; hnswlib has one thread.
#include <sched.h>

#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "bench/load/timings.h"
#include "bench/quality/machine.h"
#include "bench/retrieval/hnswlib_peer.h"
#include "bench/retrieval/run_options.h"
#include "bench/retrieval/vector_runs.h"

namespace engram::bench {
namespace {

struct Options : RunOptions {
  size_t queries = 200;
  int rounds = 3;
  int seconds = 1;  // of each run
  size_t ef_construction = 128;
  bool peer = true;
  std::string only;
};

struct Search {
  const char* name;
  QueryKind kind;
  int64_t topics;  // metadata.topic below it; 0: no filter
};

constexpr Search kSearches[] = {
    {"text, 5 words", QueryKind::kText, 0},
    {"vector", QueryKind::kVector, 0},
    {"vector, 10 % pass the filter", QueryKind::kVector, 10},
    {"vector, 1 % passes the filter", QueryKind::kVector, 1},
    {"hybrid", QueryKind::kHybrid, 0},
    {"hybrid, 10 % pass the filter", QueryKind::kHybrid, 10},
};

// All threads of a process, those of today and those that they start.
void PinProcess(pid_t process, const cpu_set_t& cores) {
  for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", process))) {
    const auto thread = static_cast<pid_t>(std::stol(task.path().filename()));
    if (sched_setaffinity(thread, sizeof(cores), &cores) != 0) Die("can't pin the server to a core");
  }
}

cpu_set_t OneCore(int core) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(core, &cores);
  return cores;
}

struct SearchTimings : Timings {
  double cpu_ms = 0;  // of the server, a search
};

SearchTimings MeasureSearch(const MeasuredServer& server, Client& client, const MemorySet& set, const Search& search,
                            int connections, int seconds) {
  std::atomic<size_t> next = 0;
  const double cpu_before = server.process().cpu_seconds;
  const Timings timings =
      RunClosedLoop(connections, std::chrono::milliseconds(300), std::chrono::seconds(seconds), [&](int) {
        v1::SearchRequest request = set.Ask(search.kind, next++ % set.queries());
        if (search.topics > 0) MemorySet::OnlyTopicsBelow(search.topics, &request);
        OrDie(client.Search(kNamespace, request).status());
        return true;
      });
  const double cpu_seconds = server.process().cpu_seconds - cpu_before;
  return {timings, 1e3 * cpu_seconds / static_cast<double>(next)};
}

double MiddleOf(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void MeasureSearches(const MeasuredServer& server, const MemorySet& set, const Options& options, Tables* tables) {
  const auto client = server.MakeClient();
  Table table{fmt::format("Searches at rest, top 10, memories without vectors in the reply; median of {} runs of {} s",
                          options.rounds, options.seconds),
              {"search", "connections", "searches/s", "p50 ms", "p99 ms", "server's CPU ms a search"},
              {}};
  for (const Search& search : kSearches) {
    if (std::string_view(search.name).find(options.only) == std::string_view::npos) continue;
    for (const int connections : {1, 2, 8}) {
      std::vector<Timings> runs;
      std::vector<double> cpu_ms;
      for (int round = 0; round < options.rounds; ++round) {
        const SearchTimings run = MeasureSearch(server, *client, set, search, connections, options.seconds);
        runs.push_back(run);
        cpu_ms.push_back(run.cpu_ms);
      }
      const Timings median = engram::Median(runs);
      table.rows.push_back({search.name,
                            static_cast<size_t>(connections),
                            median.per_second,
                            {median.p50_ms, 2},
                            {median.p99_ms, 2},
                            {MiddleOf(cpu_ms), 2}});
    }
  }
  tables->Add(std::move(table));
}

// Searches a second at `recall` by the curve; where all of it lies above, of its fastest point.
double SpeedAt(const std::vector<Run>& curve, double recall) {
  const double between = PerSecondAt(curve, recall);
  if (between > 0) return between;
  double fastest = 0;
  for (const Run& run : curve) {
    if (run.recall >= recall) fastest = std::max(fastest, run.per_second);
  }
  return fastest;
}

void MeasureBesidePeer(const MeasuredServer& server, const MemorySet& set, const Options& options, Tables* tables) {
  const VectorSet& vectors = set.vectors();
  const std::vector<Rows> exact = ExactNearest(vectors, 10, {});
  HnswlibPeer peer(vectors.rows, options.ef_construction, 2);
  const auto client = server.MakeClient();
  cpu_set_t all;
  sched_getaffinity(0, sizeof(all), &all);
  const cpu_set_t of_server = OneCore(0);
  const cpu_set_t of_client = OneCore(1);
  PinProcess(server.pid(), of_server);
  if (sched_setaffinity(0, sizeof(of_client), &of_client) != 0) Die("can't pin the client to a core");

  constexpr size_t kUnderWay = 4;  // so that neither core waits for the other
  const std::vector<uint32_t> efs = {10, 16, 24, 32, 64, 128, 256, 512};
  // Its own choice of ef comes last.
  std::vector<std::vector<Run>> ours(efs.size() + 1);
  std::vector<double> cpu_seconds(ours.size());  // of the server
  std::vector<std::vector<Run>> theirs(efs.size());
  const auto run_ours = [&] {
    for (size_t i = 0; i < ours.size(); ++i) {
      const auto search = [&](size_t query) {
        v1::SearchRequest request = set.Ask(QueryKind::kVector, query);
        if (i < efs.size()) {
          request.set_ef(efs[i]);
          request.mutable_fusion()->set_candidates(10);  // as many as hnswlib brings; by default 100 are ranked
        }
        request.add_include("none");  // nothing of the memories: hnswlib has none
        return RowsOf(OrDie(client->Search(kNamespace, request)));
      };
      const double cpu_before = server.process().cpu_seconds;
      ours[i].push_back(MeasureTogether(exact, search, kUnderWay));
      cpu_seconds[i] += server.process().cpu_seconds - cpu_before;
    }
  };
  const auto run_theirs = [&] {
    for (size_t i = 0; i < efs.size(); ++i) {
      const auto search = [&](size_t query) { return peer.Nearest(vectors.queries.Row(query), 10, efs[i]); };
      theirs[i].push_back(Measure(exact, search, TimeBy::kWall));
    }
  };
  for (int round = 0; round < options.rounds; ++round) {
    run_ours();
    run_theirs();
    run_theirs();
    run_ours();
  }
  sched_setaffinity(0, sizeof(all), &all);
  PinProcess(server.pid(), all);

  Table points{"Vector searches over HTTP, server on one core, beside bare hnswlib on one thread",
               {"engine", "ef", "recall@10", "searches/s", "p50 us", "p99 us", "server's CPU us a search"},
               {}};
  const auto add = [&](const char* engine, const Cell& ef, const Run& run, const Cell& cpu_us) {
    points.rows.push_back({engine, ef, {run.recall, 4}, run.per_second, run.p50_us, run.p99_us, cpu_us});
  };
  const auto add_ours = [&](size_t i, const Cell& ef) {
    const auto searches = static_cast<double>(ours[i].size() * SearchesOf(exact));
    add("engram over HTTP", ef, Median(ours[i]), {1e6 * cpu_seconds[i] / searches, 0});
  };
  std::vector<Run> our_curve;
  std::vector<Run> their_curve;
  for (size_t i = 0; i < efs.size(); ++i) {
    our_curve.push_back(Median(ours[i]));
    add_ours(i, size_t{efs[i]});
  }
  add_ours(efs.size(), "default");
  for (size_t i = 0; i < efs.size(); ++i) {
    their_curve.push_back(Median(theirs[i]));
    add("hnswlib", size_t{efs[i]}, their_curve.back(), "-");
  }
  tables->Add(std::move(points));

  Table ratios{"At equal recall (of the fastest point where a whole curve lies above)",
               {"recall@10", "engram over HTTP, searches/s", "hnswlib, searches/s", "ratio"},
               {}};
  for (const double recall : {0.9, 0.95, 0.98, 0.99}) {
    const double us = SpeedAt(our_curve, recall);
    const double them = SpeedAt(their_curve, recall);
    const Cell ratio = us > 0 && them > 0 ? Cell(us / them, 3) : Cell("-");
    ratios.rows.push_back({{recall, 2}, us, them, ratio});
  }
  tables->Add(std::move(ratios));
}

int Main(const Options& options) {
  const MemorySet set(options.seed, options.rows, options.queries, options.dimensions);
  MeasuredServer server = StartServer(options);
  LoadUnlessThere(server, set, options);
  Tables tables(quality::DescribeMachine(),
                fmt::format("{} memories of {} dimensions and 20 words, {} queries, at rest", options.rows,
                            options.dimensions, options.queries));
  MeasureSearches(server, set, options, &tables);
  if (options.peer) MeasureBesidePeer(server, set, options, &tables);
  Finish(options, tables, server.Complaints());
  return 0;
}

}  // namespace
}  // namespace engram::bench

int main(int argc, char** argv) {
  engram::bench::Options options;
  options.rows = 100'000;
  options.load.check_every = 0;
  CLI::App app("Searches of one namespace at rest, over HTTP, and beside stock hnswlib");
  AddRunOptions(app, &options);
  app.add_option("--queries", options.queries);
  app.add_option("--rounds", options.rounds, "of each figure; beside the peer each A B B A")
      ->check(CLI::PositiveNumber);
  app.add_option("--seconds", options.seconds, "of each run")->check(CLI::PositiveNumber);
  app.add_option("--only", options.only, "only the searches whose name contains this");
  app.add_option("--ef-construction", options.ef_construction, "of hnswlib");
  app.add_flag("!--no-peer", options.peer, "engram alone");
  CLI11_PARSE(app, argc, argv);
  return engram::bench::Main(options);
}
