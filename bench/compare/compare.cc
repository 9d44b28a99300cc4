// engram_compare: loads Engram and its rivals with the same rows, asks them the same questions, writes results.json.
// `./dev compare` builds, fetches and calls it; README.md in this folder describes what it writes.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "bench/compare/baseline.h"
#include "bench/compare/workloads/workloads.h"

namespace engram::compare {
namespace {

namespace fs = std::filesystem;

constexpr int kFailed = 1;
constexpr int kMistaken = 2;
constexpr int kWorse = 3;

struct Options {
  std::string data;
  std::string generate = "20000x384";
  size_t rows = SIZE_MAX;
  size_t queries = 1000;
  std::vector<std::string> peers = {"engram", "opensearch", "pgvector", "pgvector-half"};
  std::vector<std::string> workloads;
  std::string out;
  std::string baseline;
  std::string commit = "unknown";
  std::string engram = ENGRAM_BINARY;
  std::string scripts = ENGRAM_SOURCE_FOLDER "/bench/compare/peers";
  size_t memory_mib = 4096;
  double seconds = 3;
  double warm_seconds = 30;  // a JVM is at its best after some ten thousand searches
  BenchOptions bench;
  int null_server = 0;
};

// Minutes for everything; what else is said on the command line comes on top.
Options SmokeOptions() {
  Options options;
  options.generate = "5000x128";
  options.queries = 300;
  options.peers = {"engram", "opensearch", "pgvector"};
  options.seconds = 0.5;
  options.warm_seconds = 1;
  options.bench.repetitions = 2;
  options.bench.efs = {10, 40, 160};
  options.bench.tenants = {50};
  options.bench.users = {10};
  return options;
}

const std::map<std::string, Result<std::unique_ptr<Peer>> (*)(const PeerPlace&)> kPeers = {
    {"engram", &MakeEngramPeer},
    {"opensearch", &MakeOpenSearchPeer},
    {"pgvector", &MakePgvectorPeer},
    {"pgvector-half", &MakePgvectorHalfPeer},
    {"mem0", &MakeMem0Peer}};

// What people would ask for and is not here, unless it is asked for by name.
struct Elsewhere {
  const char* name;
  const char* why;
};
constexpr Elsewhere kElsewhere[] = {
    {"mem0", "takes a row at a time, an hour for a hundred thousand; --peers names it"},
    {"qdrant", "its server has no package; its engine, in process, is among the rankings' quality alone"},
    {"chroma", "among the rankings' quality alone"},
};

Result<std::string> ReadFile(const std::string& path) {
  std::ifstream in(path);
  if (!in) return InvalidArgument("can't read " + path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

Result<std::unique_ptr<DataSet>> MakeData(const Options& options) {
  if (!options.data.empty()) return DataSet::Read(options.data, options.rows, options.queries);
  size_t rows = 0;
  size_t dimensions = 0;
  if (std::sscanf(options.generate.c_str(), "%zux%zu", &rows, &dimensions) != 2 || rows < 100 || dimensions < 8) {
    return InvalidArgument("--generate takes ROWSxDIMENSIONS, 100x8 at least, not " + options.generate);
  }
  return DataSet::Generate(rows, options.queries, dimensions);
}

Status CheckNames(const Options& options) {
  for (const std::string& peer : options.peers) {
    if (!kPeers.contains(peer)) return InvalidArgument("there is no peer " + peer);
    if (std::count(options.peers.begin(), options.peers.end(), peer) > 1) return InvalidArgument("twice: " + peer);
  }
  for (const std::string& workload : options.workloads) {
    const auto all = AllWorkloads();
    const bool known = std::any_of(all.begin(), all.end(), [&](const Workload& w) { return w.name == workload; });
    if (!known) return InvalidArgument("there is no workload " + workload);
  }
  return {};
}

Result<std::unique_ptr<Peer>> StartPeer(const std::string& name, const PeerPlace& place, Results* results) {
  ASSIGN_OR_RETURN(std::unique_ptr<Peer> peer, kPeers.at(name)(place));
  RETURN_IF_ERROR(peer->Launch());
  RETURN_IF_ERROR(peer->WaitUntilReady());
  ASSIGN_OR_RETURN(const std::string version, peer->Version());
  results->AddSystem(name, version, peer->settings());
  Say(fmt::format("{} {} runs", name, version));
  return peer;
}

// What is left of a measurement when the server does nothing.
Status MeasureGenerator(const PeerPlace& place, const DataSet& data, const std::vector<int>& cpus, Results* results) {
  ASSIGN_OR_RETURN(std::unique_ptr<Peer> null, MakeNullPeer(place));
  RETURN_IF_ERROR(null->Launch());
  RETURN_IF_ERROR(null->WaitUntilReady());
  Results aside("");
  Bench bench{data, {}, {}, aside, cpus};
  bench.peers.push_back(std::move(null));
  SearchLoad load;
  for (size_t i = 0; i < data.queries(); ++i) load.queries.push_back({.vector = data.QueryVector(i)});
  const Apart apart(bench);
  for (const size_t connections : {1, 4}) {
    load.connections = connections;
    const Point point{"null", "null", data.name(), {{"connections", static_cast<double>(connections)}}};
    RETURN_IF_ERROR(MeasureSearches(bench, *bench.peers[0], point, load, &aside));
    const double per_second = aside.measurements().back().metrics.at("qps").Median();
    if (connections == 1) results->AddGenerator("null_server_us_per_request", 1e6 / per_second);
    if (connections == 4) results->AddGenerator("null_server_per_second_4_connections", per_second);
    Say(fmt::format("null server, {} connections: {:.0f} requests/s", connections, per_second));
  }
  return {};
}

void RunWorkloads(const Options& options, Bench& bench) {
  std::vector<const Workload*> chosen;
  double seconds = 0;
  for (const Workload& workload : AllWorkloads()) {
    const bool named = std::count(options.workloads.begin(), options.workloads.end(), workload.name) > 0;
    if (!options.workloads.empty() && !named && workload.name != "ingest") continue;
    chosen.push_back(&workload);
    seconds += workload.estimate_seconds(bench);
  }
  Say(fmt::format("{} workloads on {} systems with {} ({} rows x {}): about {:.0f} minutes", chosen.size(),
                  bench.peers.size(), bench.data.name(), bench.data.size(), bench.data.dimensions(),
                  seconds / 60 + 0.5));
  for (size_t i = 0; i < chosen.size() && !bench.peers.empty(); ++i) {
    Say(fmt::format("[{}/{}] {}", i + 1, chosen.size(), chosen[i]->name));
    chosen[i]->run(bench);
    // What is there so far, should the rest not come.
    std::ofstream(options.out + "/results.json") << bench.results.Json();
  }
}

Result<bool> IsWorse(const std::string& before_path, const std::string& now) {
  ASSIGN_OR_RETURN(const std::string before, ReadFile(before_path));
  ASSIGN_OR_RETURN(const std::vector<Regression> regressions, Regressions(before, now));
  for (const Regression& r : regressions) {
    Say(fmt::format("WORSE by {:.0f} %: {}{}: {:.4g} before, {:.4g} now", 100 * r.worse, r.what,
                    r.beside.empty() ? "" : ", beside " + r.beside, r.before, r.now));
  }
  Say(regressions.empty() ? "nothing is worse than in the baseline by more than a tenth"
                          : fmt::format("{} figures are WORSE than in the baseline", regressions.size()));
  return !regressions.empty();
}

Result<int> Run(const Options& options) {
  RETURN_IF_ERROR(CheckNames(options));
  if (!options.baseline.empty()) RETURN_IF_ERROR(ReadFile(options.baseline).status());
  fs::create_directories(options.out);
  Results results(options.commit);
  ASSIGN_OR_RETURN(const std::unique_ptr<DataSet> data, MakeData(options));
  const PeerPlace place{fs::absolute(options.out).string() + "/peers", options.engram,     options.scripts,
                        fs::read_symlink("/proc/self/exe").string(),   options.memory_mib, data->dimensions()};
  results.AddData(data->name(), data->size(), data->dimensions(), data->source());
  const std::vector<int> cpus = UsableCpus();
  if (const double load = LoadOfMachine(); load > 0.5) {
    Say(fmt::format("this machine is BUSY with something else (load {:.1f}): figures will not repeat", load));
  }
  RETURN_IF_ERROR(MeasureGenerator(place, *data, cpus, &results));

  Bench bench{*data, options.bench, {}, results, cpus};
  for (const std::string& name : options.peers) {
    Result<std::unique_ptr<Peer>> peer = StartPeer(name, place, &results);
    if (peer.ok()) {
      bench.peers.push_back(std::move(peer).value());
      continue;
    }
    if (name == "engram") return std::move(peer).status();
    Say(fmt::format("MISSING: {}: {}", name, peer.status().message()));
    results.AddMissing(name, peer.status().message());
  }
  for (const Elsewhere& system : kElsewhere) {
    if (std::count(options.peers.begin(), options.peers.end(), system.name) > 0) continue;
    Say(fmt::format("not measured: {}: {}", system.name, system.why));
    results.AddMissing(system.name, system.why);
  }
  RunWorkloads(options, bench);
  const std::string json = results.Json();
  const std::string path = options.out + "/results.json";
  std::ofstream file(path);
  if (!(file << json << std::flush)) return Unavailable("can't write " + path);
  Say("wrote " + path);
  bench.peers.clear();
  fs::remove_all(place.folder);
  if (!options.baseline.empty()) {
    ASSIGN_OR_RETURN(const bool worse, IsWorse(options.baseline, json));
    if (worse) return kWorse;
  }
  return results.failed() ? kFailed : 0;
}

int Main(int argc, char** argv) {
  bool smoke = std::any_of(argv + 1, argv + argc, [](const char* arg) { return std::strcmp(arg, "--smoke") == 0; });
  Options options = smoke ? SmokeOptions() : Options();
  CLI::App app("Engram and its rivals side by side over the wire");
  app.add_flag("--smoke", smoke, "Small defaults for everything: minutes");
  app.add_option("--data", options.data, "A prepared data set's folder");
  app.add_option("--generate", options.generate, "ROWSxDIMENSIONS, without --data")->capture_default_str();
  app.add_option("--rows", options.rows, "At most so many of the data set");
  app.add_option("--queries", options.queries, "At most")->capture_default_str();
  app.add_option("--peers", options.peers, "Also mem0")->delimiter(',')->capture_default_str();
  app.add_option("--workloads", options.workloads, "All when not given")->delimiter(',');
  app.add_option("--repetitions", options.bench.repetitions)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--seconds", options.seconds, "Of one figure")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--warm-seconds", options.warm_seconds, "Of each kind of search, before any is measured")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--ef", options.bench.efs)->delimiter(',')->capture_default_str();
  app.add_option("--connections", options.bench.connections)->delimiter(',')->capture_default_str();
  app.add_option("--tenants", options.bench.tenants)->delimiter(',')->capture_default_str();
  app.add_option("--users", options.bench.users)->delimiter(',')->capture_default_str();
  app.add_option("--memory-mib", options.memory_mib, "That each system may use")->capture_default_str();
  app.add_option("--out", options.out, "The folder of results.json");
  app.add_option("--baseline", options.baseline, "An earlier results.json");
  app.add_option("--commit", options.commit, "Of the sources, for the results");
  app.add_option("--engram", options.engram, "The program");
  app.add_option("--scripts", options.scripts, "The folder of the peers' scripts");
  app.add_option("--null-server", options.null_server, "Be the server that does nothing, on this port")->group("");
  CLI11_PARSE(app, argc, argv);
  if (options.null_server > 0) return ServeNull(static_cast<uint16_t>(options.null_server));
  if (options.out.empty()) {
    fmt::print(stderr, "--out names no folder\n");
    return kMistaken;
  }
  options.bench.duration = std::chrono::milliseconds(static_cast<int64_t>(1000 * options.seconds));
  options.bench.warm_up = options.bench.duration / 6;
  options.bench.warming = std::chrono::milliseconds(static_cast<int64_t>(1000 * options.warm_seconds));
  const Result<int> exit_code = Run(options);
  if (exit_code.ok()) return *exit_code;
  fmt::print(stderr, "{}\n", exit_code.status().ToString());
  return exit_code.status().code() == StatusCode::kInvalidArgument ? kMistaken : kFailed;
}

}  // namespace
}  // namespace engram::compare

int main(int argc, char** argv) { return engram::compare::Main(argc, argv); }
