#include "bench/compare/load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace engram::compare {
namespace {

constexpr unsigned kBits = 11;  // of the values that have a bucket each
constexpr uint64_t kHalf = uint64_t{1} << (kBits - 1);

size_t BucketOf(uint64_t value) {
  if (value < 2 * kHalf) return value;
  const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kBits;
  return shift * kHalf + (value >> shift);
}

// The middle of what a bucket holds.
double ValueOf(size_t bucket) {
  if (bucket < 2 * kHalf) return static_cast<double>(bucket);
  const size_t shift = bucket / kHalf - 1;
  const uint64_t low = (bucket - shift * kHalf) << shift;
  return static_cast<double>(low) + static_cast<double>((uint64_t{1} << shift) - 1) / 2;
}

}  // namespace

void Histogram::Add(std::chrono::nanoseconds latency) {
  const auto value = static_cast<uint64_t>(std::max<int64_t>(0, latency.count()));
  const size_t bucket = BucketOf(value);
  if (bucket >= counts_.size()) counts_.resize(bucket + 1);
  ++counts_[bucket];
  ++count_;
  sum_ns_ += static_cast<double>(value);
}

void Histogram::Add(const Histogram& other) {
  if (counts_.size() < other.counts_.size()) counts_.resize(other.counts_.size());
  for (size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ns_ += other.sum_ns_;
}

double Histogram::QuantileMs(double q) const {
  if (count_ == 0) return 0;
  const auto wanted = std::max<uint64_t>(1, static_cast<uint64_t>(std::ceil(q * static_cast<double>(count_))));
  uint64_t seen = 0;
  size_t bucket = 0;
  while (bucket + 1 < counts_.size() && seen + counts_[bucket] < wanted) seen += counts_[bucket++];
  return ValueOf(bucket) / 1e6;
}

double Histogram::MeanMs() const { return count_ == 0 ? 0 : sum_ns_ / static_cast<double>(count_) / 1e6; }

}  // namespace engram::compare
