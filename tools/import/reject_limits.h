// How much an import may leave out before it ends: --abort-on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/status.h"

namespace engram {

struct RejectLimits {
  // More rejects than this end the run; the percentage counts from the 100th record on.
  std::optional<uint64_t> rejects_max;
  std::optional<double> percent_max;
};

// "rejects=10" or "rejects=2.5%", added to `limits`. InvalidArgument for anything else.
Status ParseAbortOn(const std::string& text, RejectLimits* limits);

}  // namespace engram
