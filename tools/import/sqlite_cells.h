// A memory as the columns of a row, by a mapping (sqlite_mapping.h) read backwards. What the mapping has no column for
// is in none; who wants to know reads the row back.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>

#include "base/status.h"
#include "engram/v1/memory.pb.h"
#include "tools/import/sqlite_database.h"
#include "tools/import/sqlite_mapping.h"
#include "tools/import/time_form.h"

namespace engram {

struct SqliteBlob {
  std::string bytes;
  bool operator==(const SqliteBlob&) const = default;
};
using SqliteCell = std::variant<std::monostate, int64_t, double, std::string, SqliteBlob>;  // the first is NULL
using SqliteCells = std::map<std::string, SqliteCell>;                                      // by column

void BindCell(const SqliteCell& cell, int parameter, SqliteQuery* query);

// The column of the mapping's id is not among them. `times`: how each column writes its times. A column that stands for
// several times holds the event's, else when the memory was made, else when it was changed. InvalidArgument at a vector
// that is not dense.
Result<SqliteCells> CellsOf(const v1::Memory& memory, const SqliteMapping& mapping,
                            const std::map<std::string, TimeForm>& times);

// A whole number as a number where it is spelt like one: "42", not "042".
SqliteCell IdCell(const std::string& id);

}  // namespace engram
