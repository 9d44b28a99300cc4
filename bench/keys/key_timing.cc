// Does the time of a comparison tell where a guess differs from the secret?
//
// In the manner of dudect (Reparaz, Balasch and Verbauwhede, "Dude, is my code constant time?", DATE 2017): two classes
// of guesses, one that differs in its first byte and one that differs in its last, measured in random order; the
// slowest tenth is left out of both, and Welch's t says whether their means differ. |t| below 4.5 is no evidence of a
// difference. memcmp is measured beside as what a leak looks like.
//
//   ./dev bench key_timing
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "server/key_vault.h"

namespace engram {
namespace {

// Some comparisons for one measurement: a clock's tick is longer than one of them.
constexpr int kRepeats = 50;

double NanosecondsOf(const std::function<void()>& work) {
  const auto started = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - started).count();
}

struct Sample {
  double mean = 0;
  double variance = 0;
  double count = 0;
};

Sample Below(const std::vector<double>& times, double limit) {
  Sample sample;
  double squares = 0;  // Welford's
  for (const double time : times) {
    if (time > limit) continue;
    ++sample.count;
    const double before = time - sample.mean;
    sample.mean += before / sample.count;
    squares += before * (time - sample.mean);
  }
  sample.variance = squares / (sample.count - 1);
  return sample;
}

// Runs `work` on what `prepare` has made of one class or the other, in random order, and says how sure it is that they
// take differently long. Both classes run the same code over the same memory.
double WelchT(int runs, const std::function<void(bool late)>& prepare, const std::function<void()>& work) {
  std::mt19937_64 random(42);
  std::vector<double> times[2];
  for (int run = 0; run < runs; ++run) {
    const bool late = (random() >> 32 & 1) != 0;
    prepare(late);
    times[late ? 1 : 0].push_back(NanosecondsOf(work));
  }
  std::vector<double> all = times[0];
  all.insert(all.end(), times[1].begin(), times[1].end());
  const auto limit = all.begin() + static_cast<std::ptrdiff_t>(all.size() * 9 / 10);
  std::nth_element(all.begin(), limit, all.end());
  const Sample a = Below(times[0], *limit);
  const Sample b = Below(times[1], *limit);
  return (a.mean - b.mean) / std::sqrt(a.variance / a.count + b.variance / b.count);
}

using Compare = bool (*)(std::string_view a, std::string_view b);

bool ByMemcmp(std::string_view a, std::string_view b) { return std::memcmp(a.data(), b.data(), a.size()) == 0; }

// Byte by byte up to the first that differs, as a careless loop would do it.
bool ByLoop(std::string_view a, std::string_view b) {
  for (size_t i = 0; i < a.size(); ++i) {
    const volatile char left = a[i];
    if (left != b[i]) return false;
  }
  return true;
}

double MeasureCompare(Compare compare, size_t size, int runs) {
  const std::string secret(size, 's');
  std::string guess = secret;
  volatile bool result = false;
  return WelchT(
      runs,
      [&](bool late) {
        guess.front() = late ? 's' : 'x';
        guess.back() = late ? 'x' : 's';
      },
      [&] {
        for (int i = 0; i < kRepeats; ++i) result = compare(secret, guess);
      });
}

int Main() {
  constexpr int kRuns = 1'000'000;
  fmt::print("| compared | t |\n|---|---|\n");
  fmt::print("| 32 bytes by CRYPTO_memcmp, which we use | {:.2f} |\n", MeasureCompare(EqualInConstantTime, 32, kRuns));
  fmt::print("| 32 bytes by memcmp | {:.2f} |\n", MeasureCompare(ByMemcmp, 32, kRuns));
  fmt::print("| 32 bytes one by one | {:.2f} |\n", MeasureCompare(ByLoop, 32, kRuns));
  return 0;
}

}  // namespace
}  // namespace engram

int main() { return engram::Main(); }
