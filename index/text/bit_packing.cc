#include "index/text/bit_packing.h"

#include <bit>
#include <cstring>

#include "index/text/bit_packing_kernels.h"

namespace engram {
namespace {

constexpr uint32_t kLanes = 4;
constexpr uint32_t kRows = kPackedNumbers / kLanes;

uint32_t Word(const char* in, size_t i) {
  uint32_t word;
  std::memcpy(&word, in + 4 * i, 4);
  return word;
}

const UnpackKernels& Chosen() {
  static const UnpackKernels kChosen = RunnableUnpackKernels().front();
  return kChosen;
}

}  // namespace

uint32_t PackedBits(const uint32_t* numbers) {
  uint32_t all = 0;
  for (size_t i = 0; i < kPackedNumbers; ++i) all |= numbers[i];
  return static_cast<uint32_t>(std::bit_width(all));
}

void PackBlock(const uint32_t* numbers, uint32_t bits, char* out) {
  for (uint32_t lane = 0; lane < kLanes; ++lane) {
    uint64_t waiting = 0;
    uint32_t waiting_bits = 0;
    char* at = out + 4 * lane;
    for (uint32_t row = 0; row < kRows; ++row) {
      waiting |= uint64_t{numbers[row * kLanes + lane]} << waiting_bits;
      waiting_bits += bits;
      if (waiting_bits < 32) continue;
      const auto word = static_cast<uint32_t>(waiting);
      std::memcpy(at, &word, 4);
      at += 4 * kLanes;
      waiting >>= 32;
      waiting_bits -= 32;
    }
  }
}

void UnpackPortable(const char* in, uint32_t bits, uint32_t* numbers) {
  const uint64_t mask = (uint64_t{1} << bits) - 1;
  for (uint32_t row = 0; row < kRows; ++row) {
    const uint32_t begin = row * bits;
    const uint32_t word = begin / 32;
    const uint32_t shift = begin % 32;
    const bool crosses = shift + bits > 32;
    for (uint32_t lane = 0; lane < kLanes; ++lane) {
      uint64_t wide = bits == 0 ? 0 : Word(in, word * kLanes + lane);
      if (crosses) wide |= uint64_t{Word(in, (word + 1) * kLanes + lane)} << 32;
      numbers[row * kLanes + lane] = static_cast<uint32_t>(wide >> shift & mask);
    }
  }
}

void UnpackAscendingPortable(const char* in, uint32_t bits, uint32_t before, uint32_t* ascending) {
  UnpackPortable(in, bits, ascending);
  for (size_t i = 0; i < kPackedNumbers; ++i) ascending[i] = before += ascending[i] + 1;
}

std::vector<UnpackKernels> RunnableUnpackKernels() {
  std::vector<UnpackKernels> kernels;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) kernels.push_back({"avx2", UnpackAvx2, UnpackAscendingAvx2});
#endif
  kernels.push_back({"portable", UnpackPortable, UnpackAscendingPortable});
  return kernels;
}

void UnpackBlock(const char* in, uint32_t bits, uint32_t* numbers) { Chosen().block(in, bits, numbers); }

void UnpackAscending(const char* in, uint32_t bits, uint32_t before, uint32_t* ascending) {
  Chosen().ascending(in, bits, before, ascending);
}

}  // namespace engram
