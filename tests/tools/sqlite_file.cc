#include "tests/tools/sqlite_file.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

namespace engram {

void ExecuteSql(const std::string& path, const std::string& sql, bool leave_open) {
  sqlite3* handle = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
  char* error = nullptr;
  EXPECT_EQ(sqlite3_exec(handle, sql.c_str(), nullptr, nullptr, &error), SQLITE_OK) << (error ? error : "");
  sqlite3_free(error);
  // A connection that closes last checkpoints and removes the -wal.
  if (!leave_open) sqlite3_close(handle);
}

void MakeCaptures(const std::string& path, int rows) {
  std::string sql = std::string(kCapturesTable) + "BEGIN;";
  for (int i = 1; i <= rows; ++i) {
    const std::string n = std::to_string(i);
    sql += "INSERT INTO captures VALUES(" + n + ",'session " + std::to_string(i / 10) +
           "','2025-03-01 12:00:" + (i % 60 < 10 ? "0" : "") + std::to_string(i % 60) + "','question " + n +
           "','answer " + n + "','{\"n\":" + n + ",\"share\":1.0}');";
  }
  ExecuteSql(path, sql + "COMMIT;");
}

}  // namespace engram
