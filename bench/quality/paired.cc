#include "bench/quality/paired.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>

namespace engram::quality {
namespace {

constexpr size_t kRounds = 10000;
constexpr uint64_t kBootstrapSeed = 1;
constexpr uint64_t kSignSeed = 2;
// Sums of the same numbers in another order may differ by this much.
constexpr double kEqual = 1e-12;

using Sets = std::vector<std::vector<double>>;

// The mean over the sets of the mean over `of(set, place)`, asked for every place of every set.
template <typename Of>
double MeanOfMeans(const Sets& sets, Of of) {
  double sum = 0;
  for (const std::vector<double>& set : sets) {
    double of_set = 0;
    for (size_t i = 0; i < set.size(); ++i) of_set += of(set, i);
    sum += of_set / static_cast<double>(set.size());
  }
  return sum / static_cast<double>(sets.size());
}

std::vector<double> Bootstrap(const Sets& sets) {
  std::mt19937_64 random(kBootstrapSeed);
  std::vector<double> gains;
  for (size_t round = 0; round < kRounds; ++round) {
    gains.push_back(MeanOfMeans(sets, [&](const auto& set, size_t) { return set[random() % set.size()]; }));
  }
  std::sort(gains.begin(), gains.end());
  return gains;
}

double SignFlipP(const Sets& sets, double gain) {
  std::mt19937_64 random(kSignSeed);
  size_t as_much = 1;  // the signs as they are
  for (size_t round = 0; round < kRounds; ++round) {
    const double flipped =
        MeanOfMeans(sets, [&](const auto& set, size_t i) { return (random() & 1) != 0 ? set[i] : -set[i]; });
    if (std::abs(flipped) >= std::abs(gain) - kEqual) ++as_much;
  }
  return static_cast<double>(as_much) / (kRounds + 1);
}

}  // namespace

PairedGain ComparePaired(const std::vector<std::vector<double>>& differences) {
  Sets sets;
  for (const std::vector<double>& set : differences) {
    if (!set.empty()) sets.push_back(set);
  }
  if (sets.empty()) return {};
  PairedGain compared;
  compared.gain = MeanOfMeans(sets, [](const auto& set, size_t i) { return set[i]; });
  const std::vector<double> gains = Bootstrap(sets);
  compared.low = gains[kRounds / 40];
  compared.high = gains[kRounds - 1 - kRounds / 40];
  compared.p = SignFlipP(sets, compared.gain);
  return compared;
}

}  // namespace engram::quality
