// Whether one way to search is better than another on the same queries. Pure: equal input gives equal figures.
#pragma once

#include <vector>

namespace engram::quality {

struct PairedGain {
  double gain = 0;  // the mean over the sets of each set's mean difference
  double low = 0;   // 95 % interval of the gain: percentile bootstrap, queries drawn anew within each set
  double high = 0;
  double p = 1;  // two-sided: how often random signs of the differences give as much (Fisher's randomisation test)
};

// `differences` holds one list a set: the new way's figure of each query less the old way's. Every set weighs the same.
// 10,000 rounds each from fixed seeds. Sets without queries are left out.
PairedGain ComparePaired(const std::vector<std::vector<double>>& differences);

}  // namespace engram::quality
