// faiss' IndexHNSWFlat (fp32) and IndexHNSWSQ (8 bits a component), asked query by query through Index::search, as a
// server would.
#pragma once

#include <vector>

#include "bench/retrieval/vector_peer.h"

namespace engram::bench {

// "faiss-flat" and "faiss-sq8".
std::vector<PeerIndex> FaissIndexes();

}  // namespace engram::bench
