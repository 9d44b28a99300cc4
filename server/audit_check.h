// Whether an audit log is what was written, over all of its files.
#pragma once

#include <cstdint>
#include <string>

#include "base/status.h"

namespace engram {

struct AuditCheck {
  uint64_t files = 0;
  uint64_t first = 1;  // the number of the first line; beyond 1 when those before it were removed by rotation
  uint64_t lines = 0;
  std::string last_hash;
};

// Reads `path` and the complete files beside it. Corruption naming file and line that does not follow from the one
// before, or that begins where none of the lines says that those before it were removed.
Result<AuditCheck> VerifyAuditLog(const std::string& path);

}  // namespace engram
