#include "index/text/score_kernels.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "tests/index/random_seed.h"

namespace engram {
namespace {

class ScoreKernelsTest : public testing::Test {
 protected:
  const uint64_t seed_ = TestSeed(5);
  testing::ScopedTrace trace_{__FILE__, __LINE__, "ENGRAM_TEST_SEED=" + std::to_string(seed_)};
  std::mt19937_64 random_{seed_};
};

TEST_F(ScoreKernelsTest, EveryKernelGivesTheSamePartsForAnyNumberOfPostings) {
  constexpr uint32_t kTexts = 1000;
  std::vector<uint16_t> lengths(kTexts + 1);  // two bytes behind the last, and no more
  for (uint16_t& length : lengths) length = static_cast<uint16_t>(random_());
  lengths[kTexts - 1] = UINT16_MAX;
  const PartFormula formula{3.7f, 0.3f, 0.9f / 120};
  for (size_t n = 0; n <= 70; ++n) {
    std::vector<uint32_t> texts(n);
    std::vector<uint32_t> frequencies(n);
    for (size_t i = 0; i < n; ++i) {
      texts[i] = i + 1 == n ? kTexts - 1 : static_cast<uint32_t>(random_() % kTexts);
      frequencies[i] = 1 + static_cast<uint32_t>(random_() % 50);
    }
    std::vector<float> expected(n);
    PartsPortable(formula, texts.data(), frequencies.data(), n, lengths.data(), expected.data());
    for (const ScoreKernels& kernels : RunnableScoreKernels()) {
      SCOPED_TRACE(testing::Message() << kernels.name << " " << n);
      std::vector<float> parts(n + 1, -1);
      kernels.parts(formula, texts.data(), frequencies.data(), n, lengths.data(), parts.data());
      ASSERT_EQ(parts.back(), -1) << "wrote behind the last";
      parts.pop_back();
      ASSERT_EQ(parts, expected);
    }
  }
}

TEST_F(ScoreKernelsTest, EveryKernelKeepsTheSameScores) {
  for (const uint32_t share : {1u, 10u, 300u}) {  // one in so many is kept
    for (size_t n = 0; n <= 200; ++n) {
      std::vector<float> scores(n);
      for (float& score : scores) score = random_() % share == 0 ? 2 + static_cast<float>(random_() % 2) : 1.999f;
      std::vector<uint32_t> expected;
      for (uint32_t i = 0; i < n; ++i) {
        if (scores[i] >= 2) expected.push_back(i);
      }
      for (const ScoreKernels& kernels : RunnableScoreKernels()) {
        std::vector<uint32_t> kept(n + 16);
        kept.resize(kernels.at_least(scores.data(), n, 2, kept.data()));
        ASSERT_EQ(kept, expected) << kernels.name << " " << n;
      }
    }
  }
}

}  // namespace
}  // namespace engram
