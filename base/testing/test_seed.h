// The seed of a test that runs on random input: from ENGRAM_TEST_SEED when set, else fixed, so that a
// failure comes back. Print it with SCOPED_TRACE.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

namespace engram {

inline uint64_t TestSeed(uint64_t otherwise = 1) {
  const char* text = std::getenv("ENGRAM_TEST_SEED");
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

// "seed 7 (ENGRAM_TEST_SEED=7 runs it again)".
inline std::string SeedTrace(uint64_t seed) {
  const std::string digits = std::to_string(seed);
  return "seed " + digits + " (ENGRAM_TEST_SEED=" + digits + " runs it again)";
}

}  // namespace engram
