// File descriptors, of which a process may have so many: connections share them with the files of the store, which must
// never go without one, as a log that can't be begun stops the server.
#pragma once

#include <cstddef>

#include "base/status.h"

namespace engram {

// What the server needs beside connections: 512 files of rows (store_opening.cc), logs, segments while they are opened,
// backups, the audit log, and what threads wait on.
inline constexpr size_t kOwnDescriptors = 768;
inline constexpr size_t kConnectionsMin = 64;

// Raises the limit of this process to what it may be raised to. Returns how many connections there is room for,
// `connections` at most, with a line in the log when it is fewer. FailedPrecondition, with the numbers, when it is less
// than kConnectionsMin and fewer than asked for.
Result<size_t> TakeDescriptors(size_t connections);

}  // namespace engram
