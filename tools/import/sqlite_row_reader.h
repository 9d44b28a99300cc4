// One row of a SQLite table as a memory, by a mapping (sqlite_mapping.h).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "engram/v1/memory.pb.h"
#include "tools/import/sqlite_database.h"
#include "tools/import/sqlite_mapping.h"
#include "tools/import/sqlite_virtual_table.h"

namespace engram {

inline constexpr const char* kSqliteRowNumber = "rowid";

// Confined to one thread.
class SqliteRowReader {
 public:
  // `known`: the table's columns by the user's names, kSqliteRowNumber among them where rows have numbers.
  SqliteRowReader(SqliteMapping mapping, std::set<std::string> known)
      : mapping_(std::move(mapping)), known_(std::move(known)) {}

  // All columns that the mapping names; InvalidArgument with its place for one that is not there.
  Status Choose();
  // The vectors of this space, by row number; asks for that column, too. REQUIRES: there are row numbers.
  Status TakeVectorsFrom(const std::string& space, SqliteVecColumn column);

  // What a row must consist of, in this order: the user's names; the first is the id.
  const std::vector<std::string>& columns() const { return chosen_; }

  // InvalidArgument at the column that no memory can be made of.
  Result<v1::Memory> Read(const SqliteQuery& row);
  // For the rejects file: every column read, blobs and broken text in hexadecimal.
  std::string Raw(const SqliteQuery& row) const;

 private:
  Result<int> Number(const std::string& column);
  Result<std::string> Text(const SqliteQuery& row, int column) const;
  Status ReadParts(const SqliteQuery& row, v1::Memory* memory);
  Status ReadMetadata(const SqliteQuery& row, v1::Memory* memory);
  Status ReadVectors(const SqliteQuery& row, v1::Memory* memory);
  Result<std::optional<std::string>> VectorBytes(const SqliteQuery& row, const std::string& space, uint64_t* hash);
  uint64_t HashRow(const SqliteQuery& row) const;

  const SqliteMapping mapping_;
  const std::set<std::string> known_;
  std::vector<std::string> chosen_;
  std::map<std::string, SqliteVecColumn> vec_columns_;  // by space
};

}  // namespace engram
