// A SQLite file: looked at and never changed, unless it is opened for writing, which the way back of a migration alone
// does. SQLite itself stays in the .cc.
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
  void BindReal(int parameter, double value);
  void BindBlob(int parameter, std::string_view value);
  void BindNull(int parameter);

  // False when there are no more rows. FailedPrecondition for a write that the table's own rules refuse: nothing of it
  // is done then, and the transaction goes on.
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

// What a column makes of values that are put into it (https://www.sqlite.org/datatype3.html, section 3.1).
enum class SqliteAffinity : uint8_t { kBlob, kText, kNumeric, kInteger, kReal };

struct SqliteColumn {
  std::string name;
  bool integer_primary_key = false;
  SqliteAffinity affinity = SqliteAffinity::kBlob;
  bool not_null = false;
  bool has_default = false;
};

// Confined to one thread.
class SqliteDatabase {
 public:
  // Read-only, with a -wal beside the file where there is one, and defended against files made to do harm. Holds one
  // read transaction from here to the end: whatever others write meanwhile, every query sees the same rows.
  // NotFound, Unavailable, or InvalidArgument when it is no database.
  static Result<std::unique_ptr<SqliteDatabase>> Open(const std::string& path);
  // To be changed, with the triggers and foreign keys that the file says; outside a transaction. The file must be
  // there.
  static Result<std::unique_ptr<SqliteDatabase>> OpenForWriting(const std::string& path);
  // Of its own, empty and gone with this.
  static Result<std::unique_ptr<SqliteDatabase>> InMemory();
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  // Corruption with the first thing found. `quick` leaves out the comparison of indexes with tables.
  Status CheckIntegrity(bool quick);

  Result<SqliteQuery> Prepare(const std::string& sql);
  // Empty when there is no such table. Views are not tables here: they may run anything.
  Result<std::vector<SqliteColumn>> Columns(const std::string& table);
  Result<uint64_t> Count(const std::string& table);

  // One statement without parameters or rows.
  Status Run(const std::string& sql);
  // Rows that the last statement changed, those of its triggers aside.
  int64_t changed() const;
  // All of it, page by page, as another database file, which gets its name when it is whole and on the disk.
  // AlreadyExists when there is something of this name.
  Status CopyTo(const std::string& path);

 private:
  SqliteDatabase(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}
  Status Defend();
  Status Execute(const char* sql);
  Status Error(const char* what) const;

  const std::string path_;
  sqlite3* const handle_;
};

}  // namespace engram
