// Latencies counted in buckets that are at most a thousandth wide of what they hold, however long they took: the layout
// of HdrHistogram (http://hdrhistogram.org), with 2,048 buckets up to 2,048 ns and 1,024 for each doubling from there.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

namespace engram::compare {

// Confined to one thread.
class Histogram {
 public:
  void Add(std::chrono::nanoseconds latency);
  void Add(const Histogram& other);

  uint64_t count() const { return count_; }
  // The latency that a share `q` in [0, 1] did not exceed, to a thousandth; 0 when empty.
  double QuantileMs(double q) const;
  double MeanMs() const;

 private:
  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  double sum_ns_ = 0;
};

}  // namespace engram::compare
