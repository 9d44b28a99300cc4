// The engine's numbers for /metrics.
#pragma once

#include <vector>

#include "engine/doctor/verify_jobs.h"
#include "engine/engine.h"
#include "server/server.h"

namespace engram {

std::vector<Gauge> EngineGauges(Engine& engine);
std::vector<Gauge> VerifyGauges(const VerifyJobs& jobs);

}  // namespace engram
