// What the programs that measure a server of their own are told, and how they end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "bench/retrieval/loader.h"
#include "bench/retrieval/measured_server.h"
#include "bench/retrieval/tables.h"

namespace engram::bench {

struct RunOptions {
  size_t rows = 40'000;
  size_t dimensions = 384;
  uint64_t seed = 1;
  LoadOptions load;
  int rest_max = 600;  // seconds
  std::string folder;
  std::string serve;
  std::string json;
};

void AddRunOptions(CLI::App& app, RunOptions* options);

// A server in the folder, with the options of `engram serve` that were given.
MeasuredServer StartServer(const RunOptions& options);

// Has rows [0, options.rows) in the server, at rest: loads them where its folder has none from an earlier run of the
// same options. Ends the program when it has others, or doesn't come to rest.
void LoadUnlessThere(const MeasuredServer& server, const MemorySet& set, const RunOptions& options);

// Prints what the servers' logs complained of and keeps the figures.
void Finish(const RunOptions& options, const Tables& tables, const std::vector<std::string>& complaints);

}  // namespace engram::bench
