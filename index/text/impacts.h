// What bounds the BM25 parts of a stretch of postings whatever the statistics and parameters will be: its
// competitive (frequency, length) pairs. A posting that another one beats in both can never score above it
// (Ding & Suel, "Faster top-k document retrieval using block-max indexes", 2011; the pairs are those of
// Lucene's "impacts", with exact lengths).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "index/text/bm25.h"

namespace engram {

struct Impact {
  uint32_t frequency;
  uint32_t length;
  bool operator==(const Impact&) const = default;
};

// Pairs of ascending frequency and ascending length: a higher frequency only counts in a longer text.
// Never more than `size_max`: then neighbours become one pair that bounds both.
class ImpactSet {
 public:
  explicit ImpactSet(size_t size_max) : size_max_(size_max) {}

  void Add(Impact impact);
  void Clear() { impacts_.clear(); }
  const std::vector<Impact>& impacts() const { return impacts_; }

 private:
  void Shrink();

  size_t size_max_;
  std::vector<Impact> impacts_;
};

// impacts := count:u8 (frequency, length)*, as varints, each less 1 than its gap to the pair before.
void AppendImpacts(const std::vector<Impact>& impacts, std::string* out);

// Reads what AppendImpacts wrote from the front of `*in`. False, and nothing usable, on anything else.
bool ReadImpacts(std::string_view* in, std::vector<Impact>* impacts);

// The least float that is at least `value` and what a few roundings of it may have lost.
inline float RoundedUp(double value) {
  // A double that went through five roundings is off by less than 2^-50 of itself; a float rounds by 2^-24.
  return static_cast<float>(value * (1 + 0x1p-23));
}

// At least the Bm25Part, in double, of every posting that the pairs bound.
inline float ImpactBound(const Impact& impact, double weight, const Bm25Norm& norm) {
  return RoundedUp(Bm25Part(weight, impact.frequency, norm(impact.length)));
}

float ImpactsBound(const std::vector<Impact>& impacts, double weight, const Bm25Norm& norm);

// The same without rounding up: a posting that equals the pair has this very part, to the last bit, so that a tie
// shows. 0 without pairs.
double ImpactsPeak(const std::vector<Impact>& impacts, double weight, const Bm25Norm& norm);

}  // namespace engram
