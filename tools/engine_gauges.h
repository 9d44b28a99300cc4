// The engine's numbers for /metrics.
#pragma once

#include <vector>

#include "engine/engine.h"
#include "server/server.h"

namespace engram {

std::vector<Gauge> EngineGauges(Engine& engine);

}  // namespace engram
