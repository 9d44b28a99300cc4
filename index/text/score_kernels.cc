#include "index/text/score_kernels.h"

namespace engram {

void PartsPortable(const PartFormula& formula, const uint32_t* texts, const uint32_t* frequencies, size_t n,
                   const uint16_t* lengths, float* parts) {
  for (size_t i = 0; i < n; ++i) {
    const auto tf = static_cast<float>(frequencies[i]);
    parts[i] = formula.weight * tf / (tf + formula.base + formula.slope * static_cast<float>(lengths[texts[i]]));
  }
}

size_t AtLeastPortable(const float* scores, size_t n, float least, uint32_t* kept) {
  size_t count = 0;
  for (size_t i = 0; i < n; ++i) {
    kept[count] = static_cast<uint32_t>(i);
    count += scores[i] >= least;
  }
  return count;
}

std::vector<ScoreKernels> RunnableScoreKernels() {
  std::vector<ScoreKernels> kernels;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f")) kernels.push_back({"avx512", PartsAvx512, AtLeastAvx512});
  if (__builtin_cpu_supports("avx2")) kernels.push_back({"avx2", PartsAvx2, AtLeastAvx2});
#endif
  kernels.push_back({"portable", PartsPortable, AtLeastPortable});
  return kernels;
}

const ScoreKernels& ChosenScoreKernels() {
  static const ScoreKernels kChosen = RunnableScoreKernels().front();
  return kChosen;
}

}  // namespace engram
