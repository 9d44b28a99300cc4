// Checks for our own bugs. A failed check prints the place and stops the process: going on with a
// broken invariant could lose or mix up somebody's memories. Never for what a caller or a disk did.
#pragma once

namespace engram {
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);
}  // namespace engram

#define ENGRAM_CHECK(condition) \
  (static_cast<bool>(condition) ? void(0) : ::engram::CheckFailed(__FILE__, __LINE__, #condition))
