// Where a reader of a SQLite table stands: a row, with a hash of its key so that another table is told apart.
//
//   cursor := "row " rowid " id " 16 hex digits
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "tools/import/sqlite_database.h"

namespace engram {

struct RowCursor {
  int64_t row = 0;
  uint64_t key_hash = 0;

  std::string ToText() const;
  // Nothing for any other text.
  static std::optional<RowCursor> Parse(std::string_view text);
};

// The cursor, where `key_of_row` ("SELECT id FROM t WHERE rowid = ?1") finds its row with its key; nothing otherwise.
Result<std::optional<RowCursor>> FindRowCursor(SqliteDatabase& database, const std::string& key_of_row,
                                               std::string_view text);

}  // namespace engram
