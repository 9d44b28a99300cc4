// Searches of 10,000 generated memories, over HTTP.
#pragma once

#include <cstdint>

#include "base/status.h"
#include "bench/load/timings.h"
#include "client/cpp/client.h"

namespace engram {

enum class SearchKind : uint8_t { kText, kVector, kHybrid };

// Writes `count` memories of 384-d unit vectors around 100 centres and texts of 20 words from a Zipf vocabulary of
// 20,000, by a fixed seed.
Status LoadMemories(Client& client, int count);

// `connections` clients search for the 10 best, with five words and a vector of the same law.
Timings Search(Client& client, SearchKind kind, int connections, std::chrono::milliseconds duration);

}  // namespace engram
