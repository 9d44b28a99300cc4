// A SQLite file that is looked at and never changed. SQLite itself stays in the .cc.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

struct sqlite3;
struct sqlite3_stmt;

namespace engram {

enum class ColumnType : uint8_t { kNull, kInteger, kReal, kText, kBlob };

// A prepared query. Confined to one thread; lives no longer than its database.
class SqliteQuery {
 public:
  ~SqliteQuery();
  SqliteQuery(SqliteQuery&& other) noexcept;
  SqliteQuery& operator=(SqliteQuery&&) = delete;

  // Parameters count from 1.
  void BindInt(int parameter, int64_t value);
  void BindText(int parameter, std::string_view value);

  // False when there are no more rows.
  Result<bool> Step();
  // Columns count from 0; values of the row at hand. Text and blobs may hold any bytes.
  ColumnType Type(int column) const;
  int64_t Int(int column) const;
  double Real(int column) const;
  std::string Text(int column) const;

 private:
  friend class SqliteDatabase;
  explicit SqliteQuery(sqlite3_stmt* statement) : statement_(statement) {}
  sqlite3_stmt* statement_;
};

struct SqliteColumn {
  std::string name;
  bool integer_primary_key = false;
};

// Confined to one thread.
class SqliteDatabase {
 public:
  // Read-only, with a -wal beside the file where there is one, and defended against files made to do harm. Holds one
  // read transaction from here to the end: whatever others write meanwhile, every query sees the same rows.
  // NotFound, Unavailable, or InvalidArgument when it is no database.
  static Result<std::unique_ptr<SqliteDatabase>> Open(const std::string& path);
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  // Corruption with the first thing found. `quick` leaves out the comparison of indexes with tables.
  Status CheckIntegrity(bool quick);

  Result<SqliteQuery> Prepare(const std::string& sql);
  // Empty when there is no such table. Views are not tables here: they may run anything.
  Result<std::vector<SqliteColumn>> Columns(const std::string& table);
  Result<uint64_t> Count(const std::string& table);

 private:
  SqliteDatabase(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}
  Status Defend();
  Status Execute(const char* sql);
  Status Error(const char* what) const;

  const std::string path_;
  sqlite3* const handle_;
};

}  // namespace engram
