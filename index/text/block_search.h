// Finding texts among the ordinals of a block of postings, all 128 of them at a time: comparisons cost less than
// branches that can't be foretold.
//
// Pure functions. `block` has kPackedNumbers ascending ordinals; behind the last of fewer stand numbers above all.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "index/text/bit_packing.h"

namespace engram {

struct BlockSearchKernels {
  std::string_view name;

  // How many ordinals are below `ordinal`: where it stands, if it does.
  uint32_t (*below)(const uint32_t* block, uint32_t ordinal);
  // Of n texts those that are in the block: their numbers to `found`, their places to `places`; how many they are.
  // Both have room for n + 1. REQUIRES: no text is UINT32_MAX.
  size_t (*common)(const uint32_t* block, const uint32_t* texts, size_t n, uint32_t* found, uint32_t* places);
};

// Those this processor runs, the best first; the last one runs everywhere.
std::vector<BlockSearchKernels> RunnableBlockSearchKernels();
// The best, chosen once.
const BlockSearchKernels& ChosenBlockSearchKernels();

uint32_t BelowPortable(const uint32_t* block, uint32_t ordinal);
size_t CommonPortable(const uint32_t* block, const uint32_t* texts, size_t n, uint32_t* found, uint32_t* places);
// REQUIRES: the processor has AVX2.
uint32_t BelowAvx2(const uint32_t* block, uint32_t ordinal);
size_t CommonAvx2(const uint32_t* block, const uint32_t* texts, size_t n, uint32_t* found, uint32_t* places);
// REQUIRES: the processor has AVX-512 F.
uint32_t BelowAvx512(const uint32_t* block, uint32_t ordinal);
size_t CommonAvx512(const uint32_t* block, const uint32_t* texts, size_t n, uint32_t* found, uint32_t* places);

}  // namespace engram
