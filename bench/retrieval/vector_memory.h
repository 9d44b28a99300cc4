// The memory of this process, as the kernel counts it.
#pragma once

#include <cstddef>

namespace engram::bench {

// Resident pages that belong to no file. What the allocator keeps for later is given back first.
size_t AnonymousBytes();
// The most that was ever resident, pages of mapped files among it.
size_t PeakBytes();

// Moves all large anonymous memory onto huge pages, once: what is allocated later is as before. Returns the bytes that
// are on huge pages now; 0 when the kernel can't (before Linux 6.1).
size_t MoveToHugePages();

}  // namespace engram::bench
