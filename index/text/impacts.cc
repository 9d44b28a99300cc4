#include "index/text/impacts.h"

#include <algorithm>

#include "base/coding.h"
#include "index/text/varint_reader.h"

namespace engram {

void ImpactSet::Add(Impact impact) {
  // The first of at least this frequency is the shortest of them: if it is no longer, it beats the new one.
  auto at = std::lower_bound(impacts_.begin(), impacts_.end(), impact,
                             [](const Impact& a, const Impact& b) { return a.frequency < b.frequency; });
  if (at != impacts_.end() && at->length <= impact.length) return;
  if (at != impacts_.end() && at->frequency == impact.frequency) ++at;
  auto beaten = at;
  while (beaten != impacts_.begin() && (beaten - 1)->length >= impact.length) --beaten;
  at = impacts_.erase(beaten, at);
  impacts_.insert(at, impact);
  if (impacts_.size() > size_max_) Shrink();
}

// Joins the two neighbours that differ least, in proportion.
void ImpactSet::Shrink() {
  size_t least = 0;
  double least_cost = 0;
  for (size_t i = 0; i + 1 < impacts_.size(); ++i) {
    const double cost = static_cast<double>(impacts_[i + 1].frequency) * impacts_[i + 1].length /
                        (static_cast<double>(impacts_[i].frequency) * std::max(impacts_[i].length, 1u));
    if (i > 0 && cost >= least_cost) continue;
    least = i;
    least_cost = cost;
  }
  impacts_[least].frequency = impacts_[least + 1].frequency;
  impacts_.erase(impacts_.begin() + static_cast<ptrdiff_t>(least) + 1);
}

void AppendImpacts(const std::vector<Impact>& impacts, std::string* out) {
  out->push_back(static_cast<char>(impacts.size()));
  Impact before{0, 0};
  for (const Impact& impact : impacts) {
    AppendVarint(out, impact.frequency - before.frequency - 1);
    AppendVarint(out, impact.length - before.length - 1);
    before = impact;
  }
}

bool ReadImpacts(std::string_view* in, std::vector<Impact>* impacts) {
  VarintReader reader(*in);
  impacts->resize(reader.Byte());
  uint64_t frequency = 0;
  uint64_t length = 0;
  for (Impact& impact : *impacts) {
    frequency += uint64_t{reader.Next()} + 1;
    length += uint64_t{reader.Next()} + 1;
    if (frequency > UINT32_MAX || length > UINT32_MAX) return false;
    impact = {static_cast<uint32_t>(frequency), static_cast<uint32_t>(length)};
  }
  *in = reader.rest();
  return reader.ok() && !impacts->empty();
}

double ImpactsPeak(const std::vector<Impact>& impacts, double weight, const Bm25Norm& norm) {
  // Rounded, the part still falls with the length, step by step. It rises with the frequency f where the next one
  // gains more, norm / (f * (f + 1 + norm)) of it, than roundings lose, some 2^-51.
  constexpr uint32_t kFrequencyMax = 1 << 16;
  constexpr double kNormMin = 0x1p-10;
  double peak = 0;
  bool rises = true;
  for (const Impact& impact : impacts) {
    const double norm_here = norm(impact.length);
    rises = rises && impact.frequency <= kFrequencyMax && norm_here >= kNormMin;
    peak = std::max(peak, Bm25Part(weight, impact.frequency, norm_here));
  }
  return rises ? peak : peak * (1 + 0x1p-48);
}

float ImpactsBound(const std::vector<Impact>& impacts, double weight, const Bm25Norm& norm) {
  if (impacts.empty()) return 0;
  // f / (f + norm) is greatest where norm / f is least: products find it without a division or a branch for each.
  const double base = norm.base();
  const double slope = norm.slope();
  double frequency = impacts[0].frequency;
  double norm_there = base + slope * impacts[0].length;
  for (const Impact& impact : impacts) {
    const double other = base + slope * impact.length;
    const bool better = other * frequency < norm_there * impact.frequency;
    frequency = better ? impact.frequency : frequency;
    norm_there = better ? other : norm_there;
  }
  return RoundedUp(weight * frequency / (frequency + norm_there));
}

}  // namespace engram
