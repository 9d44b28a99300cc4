// Files of the archive of the write-ahead log: commits in their order, as RocksDB wrote them.
//
//   file   := "ENGRLOG\n" version:u32 identity:string record* 0:u64 sha256:64 digits
//   record := first:u64 last:u64 time:i64 bytes:string checksum:u64
//
// Numbers are little-endian, strings a varint length and bytes. `identity` is the store's, `first` and `last` its own
// count of changes, `time` the log time of the commit in microseconds, `checksum` XXH3-64 of the record before it, and
// the SHA-256 is of all before the 64 digits. A file is named "<first>-<last>.log", 20 digits each, and is never
// changed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "base/timestamp.h"
#include "engine/store_copies.h"

namespace engram {

struct ArchivedCommit {
  LoggedCommit commit;
  Timestamp time;
};

// Which changes a file of the archive holds; both included.
struct ArchivedRange {
  uint64_t first = 0;
  uint64_t last = 0;
  bool operator==(const ArchivedRange&) const = default;
};
std::string ArchivedFileName(const ArchivedRange& range);
// Nothing for what is not named like one.
std::optional<ArchivedRange> ParseArchivedFileName(std::string_view name);

// REQUIRES: `commits` is not empty and without gaps.
std::string FormatArchivedLog(const std::string& identity, const std::vector<ArchivedCommit>& commits);
// The whole file, checked before the first commit is given. Corruption, FailedPrecondition for another version.
struct ArchivedLog {
  std::string identity;
  std::vector<ArchivedCommit> commits;
};
Result<ArchivedLog> ParseArchivedLog(std::string_view bytes);

}  // namespace engram
