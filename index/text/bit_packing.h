// 128 numbers of equal width, packed for SIMD ("SIMD-BP128": Lemire & Boytsov, "Decoding billions of
// integers per second through vectorization", 2015).
//
// packed := 4 lanes of `bits` words each, word w of lane l at byte 16 * w + 4 * l. Number i is number i / 4
// of lane i % 4; a lane is a stream of bits, least significant first. On-disk: never change.
//
// Pure functions. The kernel is chosen once, when first used, by what the processor has; all of them give
// the same numbers and leave the same bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace engram {

constexpr size_t kPackedNumbers = 128;

constexpr size_t PackedBytes(uint32_t bits) { return size_t{16} * bits; }

// How many bits the widest of 128 numbers needs.
uint32_t PackedBits(const uint32_t* numbers);

// Writes PackedBytes(bits) bytes. REQUIRES: every number is below 2^bits.
void PackBlock(const uint32_t* numbers, uint32_t bits, char* out);

// Reads PackedBytes(bits) bytes. REQUIRES: bits <= 32.
void UnpackBlock(const char* in, uint32_t bits, uint32_t* numbers);

// The numbers are gaps: ascending[i] = before + sum of (gap + 1) up to i, modulo 2^32.
void UnpackAscending(const char* in, uint32_t bits, uint32_t before, uint32_t* ascending);

struct UnpackKernels {
  std::string_view name;
  void (*block)(const char* in, uint32_t bits, uint32_t* numbers);
  void (*ascending)(const char* in, uint32_t bits, uint32_t before, uint32_t* ascending);
};

// Those this processor runs, the best first; the last one runs everywhere.
std::vector<UnpackKernels> RunnableUnpackKernels();

}  // namespace engram
