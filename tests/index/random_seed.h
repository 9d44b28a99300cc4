// The seed of a randomised test: ENGRAM_TEST_SEED when set, else a fixed one, so that a run repeats.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

namespace engram {

inline uint64_t TestSeed(uint64_t otherwise) {
  const char* text = std::getenv("ENGRAM_TEST_SEED");
  return text ? std::stoull(text) : otherwise;
}

}  // namespace engram
