// The arithmetic of a search over sealed postings, in float: parts of scores for many postings at a time.
//
// Floats only choose which texts are looked at closely: each of them is off by less than kPartError of itself,
// and what is returned is computed again in double.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace engram {

// What a part, computed as below, may lack at the most, in proportion; a sum of n of them n times 2^-24 more.
constexpr float kPartError = 0x1p-20f;

// weight * tf / (tf + base + slope * length)
struct PartFormula {
  float weight;
  float base;
  float slope;
};

struct ScoreKernels {
  std::string_view name;

  // parts[i] for the texts[i] with frequencies[i]. `lengths` is by text, and readable two bytes behind its last.
  void (*parts)(const PartFormula& formula, const uint32_t* texts, const uint32_t* frequencies, size_t n,
                const uint16_t* lengths, float* parts);
  // Writes the i below n with scores[i] >= least to `kept`, which has room for n + 16; how many there are.
  size_t (*at_least)(const float* scores, size_t n, float least, uint32_t* kept);
};

// Those this processor runs, the best first; the last one runs everywhere.
std::vector<ScoreKernels> RunnableScoreKernels();
// The best, chosen once.
const ScoreKernels& ChosenScoreKernels();

void PartsPortable(const PartFormula& formula, const uint32_t* texts, const uint32_t* frequencies, size_t n,
                   const uint16_t* lengths, float* parts);
size_t AtLeastPortable(const float* scores, size_t n, float least, uint32_t* kept);
// REQUIRES: the processor has AVX2.
void PartsAvx2(const PartFormula& formula, const uint32_t* texts, const uint32_t* frequencies, size_t n,
               const uint16_t* lengths, float* parts);
size_t AtLeastAvx2(const float* scores, size_t n, float least, uint32_t* kept);
// REQUIRES: the processor has AVX-512 F.
void PartsAvx512(const PartFormula& formula, const uint32_t* texts, const uint32_t* frequencies, size_t n,
                 const uint16_t* lengths, float* parts);
size_t AtLeastAvx512(const float* scores, size_t n, float least, uint32_t* kept);

}  // namespace engram
