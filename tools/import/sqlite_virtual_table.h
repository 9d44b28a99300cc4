// Virtual tables of SQLite, read through the ordinary tables that they keep their rows in: no code of theirs runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "tools/import/sqlite_database.h"

namespace engram {

// `name` as SQL has it: "a ""b""".
std::string QuoteName(std::string_view name);

// A CREATE VIRTUAL TABLE statement: "fts5" and its arguments, each trimmed. Nothing for other tables.
struct VirtualTable {
  std::string module;  // lower case
  std::vector<std::string> arguments;
};
Result<std::optional<VirtualTable>> FindVirtualTable(SqliteDatabase& database, const std::string& name);

// Where the texts of an FTS5 table are: <name>_content(id, c0, c1 …).
struct FtsContent {
  std::string table;
  std::vector<std::string> columns;  // by their names; the i-th is c<i>
};
// FailedPrecondition when the table keeps no texts of its own (content=''), or keeps them in another table (content=x):
// the message says which.
Result<FtsContent> FindFtsContent(const VirtualTable& table, const std::string& name);

// The vectors of one column of a sqlite-vec table (vec0). Confined to one thread, like the database.
class SqliteVecColumn {
 public:
  // `column` empty: the only one. InvalidArgument when there is none of that name, or it holds no floats.
  static Result<SqliteVecColumn> Open(SqliteDatabase& database, const std::string& table, const std::string& column);

  uint32_t dimensions() const { return dimensions_; }
  // Little-endian floats of the row; nothing where the table has no such row. Corruption when a chunk is too short.
  Result<std::optional<std::string>> Find(int64_t row);

 private:
  SqliteVecColumn(SqliteDatabase& database, std::string table) : database_(&database), table_(std::move(table)) {}
  SqliteDatabase* database_;
  std::string table_;
  size_t number_ = 0;  // among the table's vector columns
  uint32_t dimensions_ = 0;
  // The chunk read last: neighbours stand in the same one.
  std::optional<int64_t> chunk_;
  std::string chunk_bytes_;
};

}  // namespace engram
