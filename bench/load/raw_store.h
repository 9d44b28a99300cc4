// The floor under durable writes: RocksDB alone, synced batches of the same bytes.
#pragma once

#include <memory>
#include <string>

#include "bench/load/timings.h"
#include "engine/store.h"

namespace engram {

// `workers` threads commit one synced batch of `bytes` each, in a loop, straight into `store`.
Timings WriteRawBatches(Store& store, int workers, size_t bytes, std::chrono::milliseconds duration);

}  // namespace engram
