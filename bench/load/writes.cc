#include "bench/load/writes.h"

#include <atomic>

#include <fmt/format.h>

namespace engram {
namespace {

constexpr int kDimensions = 384;
const char kText[] =
    "Ann told the assistant that she prefers green tea in the morning and takes the early train on Mondays.";

}  // namespace

size_t WriteBytes() { return sizeof(kText) + kDimensions * sizeof(float); }

Timings WriteMemories(Client& client, int connections, std::chrono::milliseconds duration) {
  static std::atomic<uint64_t> next_id = 0;
  return RunClosedLoop(connections, std::chrono::milliseconds(300), duration, [&](int worker) {
    v1::WriteRequest request;
    v1::Memory& memory = *request.add_memories();
    const uint64_t number = next_id++;
    memory.set_id(fmt::format("m{}", number));
    memory.set_text(kText);
    memory.set_user_id(fmt::format("user-{}", worker));
    auto& vector = *memory.mutable_vector()->mutable_dense();
    for (int d = 0; d < kDimensions; ++d)
      vector.add_values(static_cast<float>((number * 31 + static_cast<uint64_t>(d) * 17) % 101) - 50);
    return client.Write("writes", request).ok();
  });
}

}  // namespace engram
