#include "bench/compare/workloads/workloads.h"

#include <array>

namespace engram::compare {
namespace {

// All systems, all repetitions of so many points.
double Points(const Bench& bench, double points) {
  const std::chrono::duration<double> each = bench.options.warm_up + bench.options.duration;
  return points * static_cast<double>(bench.options.repetitions * bench.peers.size()) * each.count();
}

double Times(const std::vector<size_t>& some, double each) { return static_cast<double>(some.size()) * each; }

double Warming(const Bench& bench) {
  return 3 * static_cast<double>(bench.peers.size()) * std::chrono::duration<double>(bench.options.warming).count();
}

// Seconds for a million rows of 384 dimensions on one core of 2023, all systems together: mostly graphs being built.
constexpr double kIngestSecondsPerMillion = 6000;

constexpr std::array<Workload, 12> kWorkloads = {{
    {"ingest", RunIngest,
     [](const Bench& bench) {
       return kIngestSecondsPerMillion * static_cast<double>(bench.data.size() * bench.data.dimensions()) / 384e6 +
              Warming(bench);
     }},
    {"vector", RunVector,
     [](const Bench& bench) {
       return Points(bench, Times(bench.options.connections, static_cast<double>(bench.options.efs.size())));
     }},
    {"filtered", RunFiltered, [](const Bench& bench) { return Points(bench, 5); }},
    {"text", RunText, [](const Bench& bench) { return Points(bench, Times(bench.options.connections, 5)); }},
    {"hybrid", RunHybrid, [](const Bench& bench) { return Points(bench, Times(bench.options.connections, 1)); }},
    {"footprint", RunFootprint, [](const Bench&) { return 1.0; }},
    {"cold_start", RunColdStart,
     [](const Bench& bench) {
       return Warming(bench) + 10.0 * static_cast<double>(bench.options.repetitions * bench.peers.size());
     }},
    {"writes", RunWrites, [](const Bench& bench) { return Points(bench, 2); }},
    {"visible", RunVisible,
     [](const Bench& bench) { return 8.0 * static_cast<double>(bench.options.repetitions * bench.peers.size()); }},
    {"reads_during_writes", RunReadsDuringWrites, [](const Bench& bench) { return Points(bench, 1); }},
    {"tenants", RunTenants,
     [](const Bench& bench) {
       double rows = 0;
       for (const size_t tenants : bench.options.tenants) rows += 20.0 * static_cast<double>(tenants);
       return rows / 500 + Points(bench, Times(bench.options.tenants, 1));
     }},
    {"mixed", RunMixed, [](const Bench& bench) { return Points(bench, Times(bench.options.users, 1.5)); }},
}};

}  // namespace

std::span<const Workload> AllWorkloads() { return kWorkloads; }

}  // namespace engram::compare
