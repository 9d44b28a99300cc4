// Durable writes of one memory each, over HTTP.
#pragma once

#include "bench/load/timings.h"
#include "client/cpp/client.h"

namespace engram {

// What one memory of this load takes as bytes: its text and its vector.
size_t WriteBytes();

// `connections` clients write one memory each per request, synced, in a loop.
Timings WriteMemories(Client& client, int connections, std::chrono::milliseconds duration);

}  // namespace engram
