// Reciprocal rank fusion (Cormack, Clarke, Buettcher, SIGIR 2009), as most engines do it and as Qdrant does.
// Ranks count from 1 in each leg's own list; outside of it a candidate gets nothing from the leg.
//
//   rrf:        fused = sum over legs of weight / (k + rank)               k = 60 unless given, weights 1
//   qdrant_rrf: fused = sum over legs of 1 / (rank / weight + k - 1)       k = 2 unless given, weights 1
#pragma once

#include <cstdint>

namespace engram::search {

inline constexpr double kRrfK = 60;
inline constexpr double kQdrantRrfK = 2;

inline double RrfShare(uint32_t rank, double k) { return 1.0 / (k + rank); }

// A leg of weight 0 adds nothing. REQUIRES: k >= 1.
inline double QdrantRrfShare(uint32_t rank, double weight, double k) {
  return weight > 0 ? 1.0 / (rank / weight + k - 1) : 0.0;
}

}  // namespace engram::search
