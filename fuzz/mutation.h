// Small damage to bytes, as a fuzzer without coverage does it: bits, bytes and numbers changed, pieces removed,
// repeated, or taken from another input.
#pragma once

#include <random>
#include <string>
#include <vector>

namespace engram {

// One to eight such changes to a random one of `inputs`; at most kMutantBytesMax long.
// REQUIRES: there are inputs.
std::string Mutant(const std::vector<std::string>& inputs, std::mt19937_64& random);

constexpr size_t kMutantBytesMax = 64 * 1024;

}  // namespace engram
