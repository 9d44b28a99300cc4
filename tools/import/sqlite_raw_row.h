// A row of SQLite's as the rejects file shows it.
#pragma once

#include <string>
#include <vector>

#include "tools/import/sqlite_database.h"

namespace engram {

// JSON with every one of `columns`, which are the query's, in its order; blobs and broken text in hexadecimal.
std::string RawRow(const SqliteQuery& row, const std::vector<std::string>& columns);

}  // namespace engram
