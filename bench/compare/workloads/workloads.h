// What is done to all systems, each in a file of its own. They run in the order of the table: later ones may change
// what earlier ones have measured.
#pragma once

#include <span>
#include <string_view>

#include "bench/compare/workloads/bench.h"

namespace engram::compare {

struct Workload {
  std::string_view name;
  void (*run)(Bench& bench);  // what fails is noted in the results
  // Roughly, for all systems together.
  double (*estimate_seconds)(const Bench& bench);
};

std::span<const Workload> AllWorkloads();

// Loads the collection that all others ask, so it always runs.
void RunIngest(Bench& bench);
void RunVector(Bench& bench);
void RunFiltered(Bench& bench);
void RunText(Bench& bench);
void RunHybrid(Bench& bench);
void RunFootprint(Bench& bench);
void RunColdStart(Bench& bench);
void RunWrites(Bench& bench);
void RunVisible(Bench& bench);
void RunReadsDuringWrites(Bench& bench);
void RunTenants(Bench& bench);
void RunMixed(Bench& bench);

}  // namespace engram::compare
