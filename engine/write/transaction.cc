#include "engine/write/transaction.h"

#include <fmt/format.h>

#include "base/value_coding.h"

namespace engram {

Status CheckDepth(const Value::Object& metadata) {
  if (ValueDepth(metadata) <= kValueDepthMax) return {};
  return Unprocessable(fmt::format("metadata is nested more than {} levels deep", kValueDepthMax)).At("metadata");
}

}  // namespace engram
