// hnswlib as everybody uses it: fp32, M = 16, compiled for this machine.
#pragma once

#include <memory>
#include <vector>

#include "bench/retrieval/vector_peer.h"

namespace engram::bench {

class HnswlibPeer : public VectorPeer {
 public:
  // Builds on `threads` threads.
  HnswlibPeer(const Vectors& rows, size_t ef_construction, size_t threads);
  // Loads what Save wrote.
  HnswlibPeer(const std::string& path, size_t dimensions);
  ~HnswlibPeer() override;

  Rows Nearest(std::span<const float> query, size_t k, size_t ef) override;
  void Save(const std::string& path) const override;

 private:
  class Rep;
  std::unique_ptr<Rep> rep_;
};

std::vector<PeerIndex> HnswlibIndexes();

}  // namespace engram::bench
