#include "tools/engine_gauges.h"

namespace engram {

std::vector<Gauge> EngineGauges(Engine& engine) {
  const EngineStatus status = engine.Status();
  const auto number = [](uint64_t n) { return static_cast<double>(n); };
  std::vector<Gauge> gauges = {
      {"engram_namespaces", "Namespaces of all tenants", number(status.namespaces), {}},
      {"engram_namespaces_loaded", "Namespaces whose indexes are in memory", number(status.namespaces_loaded), {}},
      {"engram_index_memory_bytes", "Memory of loaded indexes", number(status.index_memory_bytes), {}},
      {"engram_queued_mutations", "Writes waiting to be committed", number(status.queued_mutations), {}},
      {"engram_disk_bytes", "Bytes of the data folder", number(status.disk_bytes), {}},
      {"engram_disk_free_bytes", "Bytes left on its disk", number(status.disk_free_bytes), {}},
      {"engram_out_of_space", "1 while writes are refused until there is more", status.out_of_space ? 1.0 : 0.0, {}},
      {"engram_refused_for_space_total", "Writes refused for that", number(status.refused_for_space), {}},
      {"engram_index_loads_total", "Indexes that were loaded", number(status.index_loads), {}},
      {"engram_index_evictions_total", "Indexes that made room for others", number(status.index_evictions), {}},
      {"engram_segments_sealed_total", "Stretches of memories sealed as files", number(status.segments_sealed), {}},
      {"engram_segments_merged_total", "Merges of segments", number(status.segments_merged), {}},
      {"engram_sealing_failures_total", "Seals and merges that failed", number(status.sealing_failures), {}},
      {"engram_sealing_jobs",
       "Namespaces that wait for sealing or merging or are at it",
       number(status.sealing_jobs),
       {}},
      {"engram_namespaces_behind", "Namespaces whose writers wait for sealing", number(status.namespaces_behind), {}},
  };
  for (const auto& [name, value] : status.gauges) gauges.push_back({name, "Of the row store", value, {}});
  return gauges;
}

std::vector<Gauge> VerifyGauges(const VerifyJobs& jobs) {
  const auto number = [](uint64_t n) { return static_cast<double>(n); };
  const VerifySampling sampling = jobs.sampling();
  const bool running = jobs.state().phase == VerifyJobState::Phase::kRunning;
  return {
      {"engram_verify_findings_total",
       "What verification found wrong; the log has it. One that stays is counted again",
       number(jobs.findings()),
       {}},
      {"engram_verify_running", "1 while a verification that was asked for is running", running ? 1.0 : 0.0, {}},
      {"engram_verify_sampled_memories_total", "Memories that were sampled", number(sampling.memories), {}},
      {"engram_verify_rounds_total", "Rounds of samples through all namespaces", number(sampling.rounds), {}},
  };
}

}  // namespace engram
