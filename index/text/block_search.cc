#include "index/text/block_search.h"

namespace engram {

uint32_t BelowPortable(const uint32_t* block, uint32_t ordinal) {
  const uint32_t* at = block;
  for (size_t half = kPackedNumbers / 2; half > 0; half /= 2) at = at[half - 1] < ordinal ? at + half : at;
  return static_cast<uint32_t>(at - block) + (*at < ordinal ? 1 : 0);
}

size_t CommonPortable(const uint32_t* block, const uint32_t* texts, size_t n, uint32_t* found, uint32_t* places) {
  size_t count = 0;
  for (size_t i = 0; i < n; ++i) {
    const uint32_t place = BelowPortable(block, texts[i]);
    found[count] = static_cast<uint32_t>(i);
    places[count] = place;
    count += place < kPackedNumbers && block[place] == texts[i] ? 1 : 0;
  }
  return count;
}

std::vector<BlockSearchKernels> RunnableBlockSearchKernels() {
  std::vector<BlockSearchKernels> kernels;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) kernels.push_back({"avx512", BelowAvx512, CommonAvx512});
  if (__builtin_cpu_supports("avx2")) kernels.push_back({"avx2", BelowAvx2, CommonAvx2});
#endif
  kernels.push_back({"portable", BelowPortable, CommonPortable});
  return kernels;
}

const BlockSearchKernels& ChosenBlockSearchKernels() {
  static const BlockSearchKernels kChosen = RunnableBlockSearchKernels().front();
  return kChosen;
}

}  // namespace engram
