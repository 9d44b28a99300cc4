// The kernels behind bit_packing.h, one set per kind of processor.
#pragma once

#include <cstdint>

namespace engram {

void UnpackPortable(const char* in, uint32_t bits, uint32_t* numbers);
void UnpackAscendingPortable(const char* in, uint32_t bits, uint32_t before, uint32_t* ascending);

// REQUIRES: the processor has AVX2.
void UnpackAvx2(const char* in, uint32_t bits, uint32_t* numbers);
void UnpackAscendingAvx2(const char* in, uint32_t bits, uint32_t before, uint32_t* ascending);

}  // namespace engram
