#include "tools/import/row_cursor.h"

#include <charconv>

#include <fmt/format.h>

#include "base/hash.h"

namespace engram {

std::string RowCursor::ToText() const { return fmt::format("row {} id {:016x}", row, key_hash); }

std::optional<RowCursor> RowCursor::Parse(std::string_view text) {
  constexpr std::string_view kRow = "row ";
  constexpr std::string_view kId = " id ";
  if (!text.starts_with(kRow)) return std::nullopt;
  RowCursor cursor;
  const char* const end = text.data() + text.size();
  const auto row = std::from_chars(text.data() + kRow.size(), end, cursor.row);
  if (row.ec != std::errc() || !std::string_view(row.ptr, end).starts_with(kId)) return std::nullopt;
  const auto hash = std::from_chars(row.ptr + kId.size(), end, cursor.key_hash, 16);
  return hash.ec == std::errc() && hash.ptr == end ? std::optional<RowCursor>(cursor) : std::nullopt;
}

Result<std::optional<RowCursor>> FindRowCursor(SqliteDatabase& database, const std::string& key_of_row,
                                               std::string_view text) {
  const std::optional<RowCursor> cursor = RowCursor::Parse(text);
  if (!cursor) return cursor;
  ASSIGN_OR_RETURN(SqliteQuery query, database.Prepare(key_of_row));
  query.BindInt(1, cursor->row);
  ASSIGN_OR_RETURN(const bool found, query.Step());
  const bool known = found && HashBytes64(query.Text(0)) == cursor->key_hash;
  return known ? cursor : std::optional<RowCursor>();
}

}  // namespace engram
