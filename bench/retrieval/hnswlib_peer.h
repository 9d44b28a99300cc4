// hnswlib as everybody uses it: fp32, M = 16, compiled for this machine.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "bench/retrieval/vector_data.h"

namespace engram::bench {

class HnswlibPeer {
 public:
  // Builds on `threads` threads; `rows` must live on.
  HnswlibPeer(const Vectors& rows, size_t ef_construction, size_t threads);
  ~HnswlibPeer();

  std::vector<uint32_t> Nearest(std::span<const float> query, size_t k, size_t ef);
  // Its vectors and links on huge pages from now on, which it doesn't do itself; false when the kernel can't.
  bool MoveToHugePages();

 private:
  class Rep;
  std::unique_ptr<Rep> rep_;
};

}  // namespace engram::bench
