// Prints what loading costs and what searches cost meanwhile: memories searchable a second, memory of the process,
// latencies of searches during the load, during the merges and graphs after it, and at rest; how near the default
// search comes to the exact one; and whether every acknowledged write was found at once.
//
//   ./dev bench ingest -- --rows 1000000 --dimensions 768 --json ingest.json
//
// The server is the real program in a process of its own on the same machine; client and server share its cores.
#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "bench/quality/machine.h"
#include "bench/retrieval/run_options.h"
#include "bench/retrieval/searcher.h"
#include "bench/retrieval/vector_runs.h"

namespace engram::bench {
namespace {

using Clock = std::chrono::steady_clock;

struct Options : RunOptions {
  size_t queries = 200;
  double searches_per_second = 20;
  int seconds = 5;  // at rest
};

// What was seen in one second.
struct Second {
  double at;
  uint64_t acknowledged;
  ProcessFigures process;
  SealingFigures sealing;
};

// Looks once a second from another thread.
class Watch {
 public:
  Watch(const MeasuredServer& server, const Loader& loader) : server_(server), loader_(loader) {
    client_ = server.MakeClient();
    thread_ = std::thread([this] { Run(); });
  }
  ~Watch() {
    if (thread_.joinable()) Stop();
  }
  // All seconds so far. Call once.
  std::vector<Second> Stop() {
    stopped_ = true;
    thread_.join();
    return seconds_;
  }

 private:
  void Run() {
    const auto begin = Clock::now();
    for (int tick = 0; !stopped_; ++tick) {
      std::this_thread::sleep_until(begin + std::chrono::seconds(tick));
      seconds_.push_back(
          {SecondsSince(begin), loader_.acknowledged(), server_.process(), OrDie(server_.sealing(*client_))});
    }
  }

  const MeasuredServer& server_;
  const Loader& loader_;
  std::unique_ptr<Client> client_;
  std::atomic<bool> stopped_ = false;
  std::vector<Second> seconds_;
  std::thread thread_;
};

// Waits until nothing was sealed or merged for three seconds and the server is idle while nobody asks; false when
// that takes too long.
bool WaitUntilAtRest(const MeasuredServer& server, Searcher* searcher, int seconds_max) {
  const auto client = server.MakeClient();
  const auto begin = Clock::now();
  SealingFigures last = OrDie(server.sealing(*client));
  int quiet = 0;
  while (SecondsSince(begin) < seconds_max) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    const SealingFigures now = OrDie(server.sealing(*client));
    const bool same = now.sealed == last.sealed && now.merged == last.merged;
    last = now;
    quiet = same ? quiet + 1 : 0;
    if (quiet < 3) continue;
    searcher->Pause();
    const bool idle = server.IsIdleSince(now, *client);
    searcher->Resume();
    if (idle) return true;
    quiet = 0;
  }
  return false;
}

void AddSeconds(const std::vector<Second>& seconds, Tables* tables) {
  Table table{"Second by second",
              {"s", "rows", "rows/s", "anonymous MB", "resident MB", "index MB", "sealed", "merged", "behind", "cores"},
              {}};
  for (size_t i = 0; i < seconds.size(); ++i) {
    const Second& now = seconds[i];
    const Second& before = seconds[i == 0 ? 0 : i - 1];
    const double took = i == 0 ? 1 : now.at - before.at;
    table.rows.push_back({{now.at, 1},
                          now.acknowledged,
                          static_cast<double>(now.acknowledged - before.acknowledged) / took,
                          static_cast<double>(now.process.anonymous_bytes) / 1e6,
                          static_cast<double>(now.process.resident_bytes) / 1e6,
                          now.sealing.index_bytes / 1e6,
                          now.sealing.sealed,
                          now.sealing.merged,
                          now.sealing.behind,
                          {(now.process.cpu_seconds - before.process.cpu_seconds) / took, 2}});
  }
  tables->Add(std::move(table), 40);
}

int Main(const Options& options) {
  const MemorySet set(options.seed, options.rows, options.queries, options.dimensions);
  MeasuredServer server = StartServer(options);
  Tables tables(quality::DescribeMachine(),
                fmt::format("{} memories of {} dimensions and 20 words, {} connections, batches of {}, buffered; at "
                            "most {:g} searches a second beside, top 10, vector and hybrid in turn",
                            options.rows, options.dimensions, options.load.connections, options.load.batch,
                            options.searches_per_second));
  const uint64_t anonymous_before = server.process().anonymous_bytes;
  Loader loader(server, set, options.load);
  // The first batch makes the namespace, which searches need.
  const size_t first = std::min(options.load.batch, options.rows);
  OrDie(loader.Run(0, first));

  Watch watch(server, loader);
  Searcher searcher(server, set, options.searches_per_second);
  const auto begin = Clock::now();
  OrDie(loader.Run(first, options.rows));
  const auto loaded = Clock::now();
  const double load_seconds = std::chrono::duration<double>(loaded - begin).count();
  const bool at_rest = WaitUntilAtRest(server, &searcher, options.rest_max);
  const auto rest = Clock::now();
  std::this_thread::sleep_for(std::chrono::seconds(options.seconds));
  const auto end = Clock::now();
  searcher.Stop();
  const std::vector<Second> seconds = watch.Stop();
  const double recall = RecallOverHttp(server, set);
  const uint64_t visible = OrDie(server.MakeClient()->CountMemories(kNamespace, {})).count();

  AddSeconds(seconds, &tables);
  Table searches{"Searches", {"phase", "search", "count", "p50 ms", "p99 ms", "longest ms"}, {}};
  const auto samples = searcher.samples();
  for (const auto& [phase, from, to] :
       {std::tuple{"load", begin, loaded}, {"merges after it", loaded, rest}, {"at rest", rest, end}}) {
    for (const QueryKind kind : {QueryKind::kVector, QueryKind::kHybrid}) {
      const Latency latency = LatencyOf(samples, kind, from, to);
      searches.rows.push_back({phase,
                               std::string(QueryKindName(kind)),
                               latency.count,
                               {latency.p50_ms, 2},
                               {latency.p99_ms, 2},
                               {latency.max_ms, 2}});
    }
  }
  tables.Add(std::move(searches));

  uint64_t peak = 0;
  for (const Second& second : seconds) peak = std::max(peak, second.process.anonymous_bytes);
  const uint64_t after = seconds.back().process.anonymous_bytes;
  const auto per_vector = [&](uint64_t bytes) {
    return static_cast<double>(bytes - std::min(bytes, anonymous_before)) / static_cast<double>(options.rows);
  };
  const Latency batches = LatencyOf(loader.batch_ms());
  const SealingFigures& sealing = seconds.back().sealing;
  Table sums{"Ingest", {"figure", "value"}, {}};
  const auto add = [&](const char* name, Cell value) { sums.rows.push_back({name, std::move(value)}); };
  add("memories searchable a second", static_cast<double>(options.rows - first) / load_seconds);
  add("seconds of loading", {load_seconds, 1});
  add(at_rest ? "seconds until at rest" : "seconds waited for rest, in vain",
      {std::chrono::duration<double>(rest - loaded).count(), 1});
  add("batch p50 ms", {batches.p50_ms, 1});
  add("batch p99 ms", {batches.p99_ms, 1});
  add("longest batch ms", {batches.max_ms, 1});
  add("replies 429", loader.throttled());
  add("peak anonymous MB", {static_cast<double>(peak) / 1e6, 1});
  add("peak anonymous bytes a vector, above the empty server", per_vector(peak));
  add("anonymous MB at rest", {static_cast<double>(after) / 1e6, 1});
  add("anonymous bytes a vector at rest, above the empty server", per_vector(after));
  add("segments sealed", sealing.sealed);
  add("merges", sealing.merged);
  add("sealing failures", sealing.failed);
  add("writes searched for at once", loader.checks());
  add("of them not found by word", loader.missed_marks());
  add("of them not found by vector", loader.missed_vectors());
  add("acknowledged memories that are gone", options.rows - std::min<uint64_t>(visible, options.rows));
  add("recall@10 of the default search at rest", {recall, 4});
  const std::vector<std::string> complaints = server.Complaints();
  add("warnings and errors in the server's log", complaints.size());
  tables.Add(std::move(sums));
  Finish(options, tables, complaints);
  return 0;
}

}  // namespace
}  // namespace engram::bench

int main(int argc, char** argv) {
  engram::bench::Options options;
  CLI::App app("What loading a server costs, and searches meanwhile");
  AddRunOptions(app, &options);
  app.add_option("--queries", options.queries, "held out, for recall");
  app.add_option("--check-every", options.load.check_every, "a write of so many is searched for at once; 0: none");
  app.add_option("--searches", options.searches_per_second, "a second beside, at most")->check(CLI::PositiveNumber);
  app.add_option("--seconds", options.seconds, "of searching at rest");
  CLI11_PARSE(app, argc, argv);
  return engram::bench::Main(options);
}
