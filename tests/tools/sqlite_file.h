// Makes SQLite files for tests.
#pragma once

#include <string>

namespace engram {

inline constexpr const char* kCapturesTable =
    "CREATE TABLE captures(id INTEGER PRIMARY KEY, session_id TEXT, timestamp TEXT, user_text TEXT, agent_text TEXT, "
    "metadata TEXT);";

// Runs `sql` on the file, made if absent. With `leave_open` the connection is kept until the test's end, so that a
// -wal file stays beside it.
void ExecuteSql(const std::string& path, const std::string& sql, bool leave_open = false);

// kCapturesTable with rows 1 to `rows`.
void MakeCaptures(const std::string& path, int rows);

}  // namespace engram
