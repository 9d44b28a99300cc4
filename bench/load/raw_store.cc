#include "bench/load/raw_store.h"

#include <atomic>

#include <fmt/format.h>

namespace engram {

Timings WriteRawBatches(Store& store, int workers, size_t bytes, std::chrono::milliseconds duration) {
  static std::atomic<uint64_t> next_key = 0;
  const std::string value(bytes, 'v');
  return RunClosedLoop(workers, std::chrono::milliseconds(200), duration, [&](int) {
    auto batch = store.NewOverlay();
    batch->Put(fmt::format("{:016x}", next_key++), value);
    return store.Commit(std::move(batch), /*sync=*/true).ok();
  });
}

}  // namespace engram
