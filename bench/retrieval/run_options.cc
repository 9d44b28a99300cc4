#include "bench/retrieval/run_options.h"

#include <cstdio>
#include <iterator>
#include <sstream>

#include <fmt/format.h>

namespace engram::bench {

void AddRunOptions(CLI::App& app, RunOptions* options) {
  app.option_defaults()->always_capture_default();
  app.add_option("--rows", options->rows, "memories");
  app.add_option("--dimensions", options->dimensions);
  app.add_option("--seed", options->seed);
  app.add_option("--connections", options->load.connections, "that load")->check(CLI::PositiveNumber);
  app.add_option("--batch", options->load.batch, "memories a write")->check(CLI::PositiveNumber);
  app.add_option("--rest-max", options->rest_max, "seconds to wait for rest");
  app.add_option("--folder", options->folder, "where the data and the log stay; without: gone at the end");
  app.add_option("--serve", options->serve, "more options of engram serve, in one string");
  app.add_option("--json", options->json, "where the figures are kept");
}

MeasuredServer StartServer(const RunOptions& options) {
  std::istringstream words(options.serve);
  return MeasuredServer(options.folder, {std::istream_iterator<std::string>(words), {}});
}

void LoadUnlessThere(const MeasuredServer& server, const MemorySet& set, const RunOptions& options) {
  const Result<v1::CountReply> there = server.MakeClient()->CountMemories(kNamespace, {});
  if (there.status().code() == StatusCode::kNotFound) {
    fmt::print(stderr, "loading {} memories of {} dimensions\n", options.rows, options.dimensions);
    OrDie(Loader(server, set, options.load).Run(0, options.rows));
  } else if (const uint64_t count = OrDie(there).count(); count != options.rows) {
    Die(fmt::format("the folder has {} memories, not {}: take another one", count, options.rows));
  }
  fmt::print(stderr, "waiting until nothing is sealed or merged\n");
  if (!server.WaitUntilAtRest(std::chrono::seconds(options.rest_max))) Die("the server did not come to rest");
}

void Finish(const RunOptions& options, const Tables& tables, const std::vector<std::string>& complaints) {
  for (const std::string& line : complaints) fmt::print(stderr, "{}\n", line);
  if (!options.json.empty() && !tables.WriteJson(options.json)) Die("can't write " + options.json);
}

}  // namespace engram::bench
