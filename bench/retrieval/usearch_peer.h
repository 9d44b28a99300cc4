// USearch's index_dense over f32 and over i8, with its own kernels (NumKong), which it chooses for the CPU.
#pragma once

#include <vector>

#include "bench/retrieval/vector_peer.h"

namespace engram::bench {

// "usearch-f32" and "usearch-i8".
std::vector<PeerIndex> UsearchIndexes();

}  // namespace engram::bench
