#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "index/vector/vector_index.h"

namespace engram {

Status CheckVector(std::span<const float> vector, uint32_t dimensions, Metric metric) {
  if (vector.size() != dimensions) {
    return Unprocessable(fmt::format("the vector has {} dimensions, the space has {}", vector.size(), dimensions))
        .With("expected", std::to_string(dimensions))
        .With("got", std::to_string(vector.size()));
  }
  for (size_t i = 0; i < vector.size(); ++i) {
    if (std::isfinite(vector[i])) continue;
    const char* what = std::isnan(vector[i]) ? "NaN" : "infinite";
    return Unprocessable(fmt::format("component {} of the vector is {}", i, what)).With("index", std::to_string(i));
  }
  const bool all_zero = std::all_of(vector.begin(), vector.end(), [](float v) { return v == 0; });
  if (metric == Metric::kCosine && all_zero) {
    return Unprocessable("the vector is all zeros, which has no direction and so no cosine");
  }
  return Status::Ok();
}

}  // namespace engram
