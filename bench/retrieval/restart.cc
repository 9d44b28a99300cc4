// Prints how soon a server that was killed answers again over the same folder, and whether it answers as before: from
// the start of the program to the port file and to the first, second and third answer; with the files in the page cache
// and without; after a kill at rest and one during a load.
//
//   ./dev bench restart -- --rows 1000000 --dimensions 768 --json restart.json
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "bench/quality/machine.h"
#include "bench/retrieval/run_options.h"
#include "bench/retrieval/searcher.h"

namespace engram::bench {
namespace {

using Clock = std::chrono::steady_clock;

// As many memories again for the kill during a load.
struct Options : RunOptions {
  int rounds = 3;
};

constexpr size_t kQueries = 3;

struct Restart {
  double ready_ms = 0;                // from exec to the port file, seen every 5 ms
  double answered_ms[kQueries] = {};  // of each search alone
  double first_answer_ms = 0;         // from exec
  double resident_mb = 0;             // after the last
  size_t same = 0;                    // answers that are those of before
};

using Answers = std::vector<std::vector<std::string>>;

// Hybrid searches, each another one.
Answers Ask(const MeasuredServer& server, const MemorySet& set) {
  const auto client = server.MakeClient();
  Answers answers;
  for (size_t query = 0; query < kQueries; ++query) {
    answers.push_back(IdsOf(OrDie(client->Search(kNamespace, set.Ask(QueryKind::kHybrid, query)))));
  }
  return answers;
}

Restart StartAndAsk(MeasuredServer* server, const MemorySet& set, const Answers& before) {
  Restart restart;
  const auto begin = Clock::now();
  server->Start();
  restart.ready_ms = 1e3 * SecondsSince(begin);
  const auto client = server->MakeClient();
  for (size_t query = 0; query < kQueries; ++query) {
    const v1::SearchRequest request = set.Ask(QueryKind::kHybrid, query);
    const auto sent = Clock::now();
    const v1::SearchReply reply = OrDie(client->Search(kNamespace, request));
    restart.answered_ms[query] = 1e3 * SecondsSince(sent);
    if (query == 0) restart.first_answer_ms = 1e3 * SecondsSince(begin);
    if (IdsOf(reply) == before[query]) ++restart.same;
  }
  restart.resident_mb = static_cast<double>(server->process().resident_bytes) / 1e6;
  return restart;
}

// Writes back and drops the pages of all files from the page cache. REQUIRES: nobody has them mapped.
void Evict(const std::string& folder) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const int file = open(entry.path().c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) Die("can't open " + entry.path().string());
    const bool done = fdatasync(file) == 0 && posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0;
    close(file);
    if (!done) Die("can't drop the pages of " + entry.path().string());
  }
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void AddRow(const char* name, const std::vector<Restart>& restarts, Table* table) {
  const auto median = [&](auto&& figure) {
    std::vector<double> values;
    for (const Restart& restart : restarts) values.push_back(figure(restart));
    return Median(std::move(values));
  };
  size_t same = 0;
  for (const Restart& restart : restarts) same += restart.same;
  std::vector<Cell> row = {name,
                           {median([](const Restart& r) { return r.ready_ms; }), 0},
                           {median([](const Restart& r) { return r.first_answer_ms; }), 0}};
  for (size_t query = 0; query < kQueries; ++query) {
    row.push_back({median([&](const Restart& r) { return r.answered_ms[query]; }), 1});
  }
  row.push_back({median([](const Restart& r) { return r.resident_mb; }), 0});
  row.push_back(fmt::format("{} of {}", same, restarts.size() * kQueries));
  table->rows.push_back(std::move(row));
}

// Kills the server in the middle of writing the second half, and starts it again.
void KillDuringLoad(MeasuredServer* server, const MemorySet& set, const Options& options, Tables* tables) {
  Loader loader(*server, set, options.load);
  Status ended;
  std::thread load([&] { ended = loader.Run(options.rows, set.rows()); });
  while (loader.acknowledged() < options.rows / 2 && !loader.stopped()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  server->Kill();
  load.join();

  const auto begin = Clock::now();
  server->Start();
  const double ready_ms = 1e3 * SecondsSince(begin);
  // Marked memories were alone with their words then, and are now. A first answer is right when it brings one.
  const auto client = server->MakeClient();
  std::vector<double> times;
  double first_ms = 0;
  size_t asked = 0;
  size_t lost = 0;
  for (size_t row = 0; row < set.rows(); ++row) {
    if (!MemorySet::IsMarked(row) || (row >= options.rows && !loader.IsAcknowledged(row))) continue;
    const auto sent = Clock::now();
    const auto ids = IdsOf(OrDie(client->Search(kNamespace, MemorySet::AskForMark(row))));
    times.push_back(1e3 * SecondsSince(sent));
    if (asked == 0) first_ms = 1e3 * SecondsSince(begin);
    ++asked;
    if (ids != std::vector<std::string>{fmt::format("{}", row)}) ++lost;
  }
  const uint64_t there = OrDie(client->CountMemories(kNamespace, {})).count();
  const uint64_t acknowledged = options.rows + loader.acknowledged();
  tables->Add({"Killed during a load (buffered writes), files in the page cache",
               {"acknowledged", "there after", "exec to port file ms", "exec to first answer ms", "1st search ms",
                "2nd", "3rd", "marked memories asked for", "of them not found alone"},
               {{acknowledged,
                 there,
                 {ready_ms, 0},
                 {first_ms, 0},
                 {times[0], 1},
                 {times[1], 1},
                 {times[2], 1},
                 asked,
                 lost}}});
}

int Main(const Options& options) {
  // The second half is for the kill during a load.
  const MemorySet set(options.seed, 2 * options.rows, kQueries, options.dimensions);
  MeasuredServer server = StartServer(options);
  LoadUnlessThere(server, set, options);
  Tables tables(quality::DescribeMachine(),
                fmt::format("{} memories of {} dimensions and 20 words, at rest, then killed (SIGKILL) and started "
                            "again; hybrid searches, each another one",
                            options.rows, options.dimensions));
  const Answers before = Ask(server, set);
  std::vector<Restart> warm;
  std::vector<Restart> cold;
  std::vector<std::string> complaints;
  const auto keep_complaints = [&] {
    for (std::string& line : server.Complaints()) complaints.push_back(std::move(line));
  };
  for (int round = 0; round < options.rounds; ++round) {
    for (const bool evicted : {false, true}) {
      keep_complaints();
      server.Kill();
      if (evicted) Evict(server.data());
      (evicted ? cold : warm).push_back(StartAndAsk(&server, set, before));
      if (!server.WaitUntilAtRest(std::chrono::seconds(options.rest_max))) Die("the server did not come to rest");
    }
  }
  Table table{fmt::format("Killed at rest; medians of {} rounds in turn", options.rounds),
              {"files", "exec to port file ms", "exec to first answer ms", "1st search ms", "2nd", "3rd", "resident MB",
               "same hits as before"},
              {}};
  AddRow("in the page cache", warm, &table);
  AddRow("dropped from it by posix_fadvise", cold, &table);
  tables.Add(std::move(table));
  KillDuringLoad(&server, set, options, &tables);
  keep_complaints();
  Finish(options, tables, complaints);
  return 0;
}

}  // namespace
}  // namespace engram::bench

int main(int argc, char** argv) {
  engram::bench::Options options;
  options.load.check_every = 0;
  CLI::App app("How soon a killed server answers again, at rest and with as many rows again on the way");
  AddRunOptions(app, &options);
  app.add_option("--rounds", options.rounds, "each warm and cold")->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  return engram::bench::Main(options);
}
