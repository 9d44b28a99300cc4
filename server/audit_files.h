// The files of an audit log beside each other: `audit.log`, which is written to, and `audit.log.000000000123`, which
// begins with line 123 and is complete. Private to server/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace engram {

// What the file that begins with line `first_seq` is called once it is complete.
std::string CompleteAuditFile(const std::string& path, uint64_t first_seq);
// Those that are there, oldest first.
Result<std::vector<std::string>> CompleteAuditFiles(const std::string& path);

// The last line of a file whose end is whole.
struct LastAuditLine {
  uint64_t seq = 0;
  std::string hash;
};
// Corruption when the file ends in none.
Result<LastAuditLine> ReadLastAuditLine(const std::string& file);

}  // namespace engram
