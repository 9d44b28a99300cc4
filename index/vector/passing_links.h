// Which of a row's neighbours a filter lets pass, all at once: a walk over the rows that pass asks it of a thousand
// neighbours' neighbours for each row that it expands. One kernel per instruction set; private to index/vector and its
// tests.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "index/vector/graph.h"

namespace engram {

// A set of rows as bits by slot.
struct RowBits {
  const uint64_t* words;
  uint32_t origin;        // the slot of the first bit
  const uint32_t* slots;  // by row; null: row r has the slot first + r
  uint32_t first;
};

static_assert(kGraphLinks0 == 32, "a mask has a bit for each link");

// Bit i: links[i] is a row of the set. `links` has kGraphLinks0 of them, which are rows or kNoLink.
using PassingMask = uint32_t (*)(const uint32_t* links, const RowBits& bits);

struct PassingKernel {
  std::string_view name;
  PassingMask mask;
};

// Those that this processor runs, fastest first; the last is always the portable one.
std::vector<PassingKernel> RunnablePassingKernels();
// The fastest.
uint32_t PassingLinks(const uint32_t* links, const RowBits& bits);

#if defined(__x86_64__)
// REQUIRES: the processor has AVX2.
uint32_t PassingLinksAvx2(const uint32_t* links, const RowBits& bits);
// REQUIRES: the processor has AVX-512F.
uint32_t PassingLinksAvx512(const uint32_t* links, const RowBits& bits);
#endif

}  // namespace engram
