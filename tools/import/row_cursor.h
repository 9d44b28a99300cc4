// Where a reader of a SQLite table stands: a row, with a hash of its key so that another table is told apart.
//
//   cursor := "row " rowid " id " 16 hex digits
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace engram {

struct RowCursor {
  int64_t row = 0;
  uint64_t key_hash = 0;

  std::string ToText() const;
  // Nothing for any other text.
  static std::optional<RowCursor> Parse(std::string_view text);
};

}  // namespace engram
