#include "tools/import/dense_floats.h"

#include <bit>
#include <cstring>

namespace engram {

std::vector<float> DenseFloats(const v1::Vector& vector) {
  if (vector.has_dense()) return {vector.dense().values().begin(), vector.dense().values().end()};
  static_assert(std::endian::native == std::endian::little);
  std::vector<float> floats(vector.dense_f32().size() / sizeof(float));
  if (!floats.empty()) std::memcpy(floats.data(), vector.dense_f32().data(), floats.size() * sizeof(float));
  return floats;
}

}  // namespace engram
