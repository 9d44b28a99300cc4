// quality: how good the rankings are on labelled sets, through the engine. Ends with 1 when a stated figure is missed.
#include <stdlib.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "bench/quality/experiments.h"
#include "bench/quality/machine.h"

namespace engram::quality {
namespace {

struct Options {
  std::string data;
  std::vector<std::string> sets;    // empty: all
  std::vector<std::string> tables;  // empty: all
  std::string json;
};

struct Experiment {
  const char* name;
  Status (*measure)(const Laboratory& laboratory, Report* report);
};
constexpr std::array kExperiments = {
    Experiment{"baseline", MeasureBaselines}, Experiment{"hybrid", MeasureHybrids},
    Experiment{"language", MeasureLanguages}, Experiment{"context", MeasureContext},
    Experiment{"fusion", MeasureFusions},     Experiment{"analyzer", MeasureAnalyzers},
};

std::vector<std::string> TableNames() {
  std::vector<std::string> names;
  for (const Experiment& experiment : kExperiments) names.emplace_back(experiment.name);
  return names;
}

// Empty chooses everything.
bool Chosen(const std::vector<std::string>& names, const std::string& name) {
  return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
}

// A folder for the engine, gone at the end.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_((std::filesystem::temp_directory_path() / "engram-quality-XXXXXX").string()) {
    ENGRAM_CHECK(mkdtemp(path_.data()) != nullptr);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

Status MeasureAll(const Options& options, Report* report) {
  const TemporaryFolder folder;
  EngineOptions engine_options;
  engine_options.data_dir = folder.path();
  ASSIGN_OR_RETURN(const std::unique_ptr<Engine> engine, Engine::Open(engine_options));
  Laboratory laboratory;
  laboratory.engine = engine.get();
  ASSIGN_OR_RETURN(laboratory.tenant, engine->FindTenant("quality", true));
  laboratory.data = options.data;
  laboratory.chosen = [&](const std::string& set) { return Chosen(options.sets, set); };
  laboratory.progress = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  for (const Experiment& experiment : kExperiments) {
    if (Chosen(options.tables, experiment.name)) RETURN_IF_ERROR(experiment.measure(laboratory, report));
  }
  return {};
}

int Run(const Options& options) {
  if (!std::filesystem::is_directory(options.data)) {
    fmt::print(stderr, "nothing measured: there is no folder \"{}\"; say where the labelled sets are with --data\n",
               options.data);
    return 2;
  }
  Report report;
  const Status measured = MeasureAll(options, &report);
  if (!measured.ok()) {
    fmt::print(stderr, "{}\n", measured.ToString());
    return 2;
  }
  fmt::print("{}\n\n{}", DescribeMachine(), report.Markdown());
  if (!options.json.empty()) std::ofstream(options.json) << report.Json();
  return report.missed() > 0 ? 1 : 0;
}

}  // namespace
}  // namespace engram::quality

int main(int argc, char** argv) {
  engram::quality::Options options;
  CLI::App app("Measures retrieval quality on labelled sets, through the engine.");
  app.add_option("--data", options.data, "folder of the labelled sets")->envname("ENGRAM_DATA_DIR");
  app.add_option("--sets", options.sets, "only these (scifact, xquad/de …)")->delimiter(',');
  app.add_option("--table", options.tables, "only these")
      ->delimiter(',')
      ->check(CLI::IsMember(engram::quality::TableNames()));
  app.add_option("--json", options.json, "also write the figures to this file");
  CLI11_PARSE(app, argc, argv);
  return engram::quality::Run(options);
}
