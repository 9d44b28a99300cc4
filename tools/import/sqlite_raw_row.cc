#include "tools/import/sqlite_raw_row.h"

#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/utf8.h"
#include "engram/v1/value.pb.h"

namespace engram {

std::string RawRow(const SqliteQuery& row, const std::vector<std::string>& columns) {
  v1::Value raw;
  auto& members = *raw.mutable_object_value()->mutable_members();
  for (size_t i = 0; i < columns.size(); ++i) {
    const int column = static_cast<int>(i);
    v1::Value& value = members[columns[i]];
    const std::string text = row.Text(column);
    switch (row.Type(column)) {
      case ColumnType::kNull: value.set_null_value(true); break;
      case ColumnType::kInteger: value.set_int_value(row.Int(column)); break;
      case ColumnType::kReal: value.set_double_value(row.Real(column)); break;
      case ColumnType::kText:
        if (IsUtf8(text)) {
          value.set_string_value(text);
          break;
        }
        [[fallthrough]];
      case ColumnType::kBlob: {
        std::string hex = "hex:";
        for (const char c : text) hex += fmt::format("{:02x}", static_cast<unsigned char>(c));
        value.set_string_value(std::move(hex));
      }
    }
  }
  return PrintJson(raw);
}

}  // namespace engram
