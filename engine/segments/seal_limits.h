// When a namespace's index is to be sealed.
#pragma once

#include <cstdint>

namespace engram {

// What an index has in memory beyond its segments.
struct Unsealed {
  uint64_t rows = 0;
  uint64_t bytes = 0;    // of text and vectors
  uint64_t removed = 0;  // rows that left since merges were last looked for
};

struct SealLimits {
  // Every search scans what is not sealed: a small part of a millisecond, then.
  uint64_t rows = 4'000;
  uint64_t bytes = uint64_t{16} << 20;
  // So many times as much, and the sealer can't keep up: writers wait.
  uint64_t behind = 32;

  bool Reached(const Unsealed& unsealed, uint64_t times = 1) const {
    return unsealed.rows / times >= rows || unsealed.bytes / times >= bytes;
  }
  bool CallsForWork(const Unsealed& unsealed) const { return Reached(unsealed) || unsealed.removed >= rows; }
};

}  // namespace engram
