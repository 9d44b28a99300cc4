// Rows of a SQLite table as memories, by a mapping (sqlite_mapping.h). The file is read like captures are: read-only,
// after an integrity check, in one read transaction.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tools/import/source.h"
#include "tools/import/sqlite_database.h"
#include "tools/import/sqlite_mapping.h"
#include "tools/import/sqlite_row_reader.h"

namespace engram {

// The first record is the configuration, where the mapping has vectors. Dimensions are those of the first row that has
// the vector; another length is a record's problem. NULL is absent. source.version tells whether a row has changed
// since it was imported (import/revision.h).
class SqliteTableSource final : public ImportSource {
 public:
  // Checks the file's integrity and that all that the mapping names is there; InvalidArgument names what is not.
  // `quick`: see SqliteDatabase::CheckIntegrity.
  static Result<std::unique_ptr<SqliteTableSource>> Open(const std::string& path, SqliteMapping mapping, bool quick);

  SourceDescription Describe() const override;
  std::string DefaultImportId() const override;
  const char* unit() const override { return "rows"; }
  Result<bool> Resume(const std::string& cursor) override;
  Result<bool> Next(SourceRecord* record) override;
  std::string Cursor(bool finished) const override;
  std::optional<double> Fraction() const override;
  std::vector<std::string> Notes() const override;

 private:
  SqliteTableSource(std::string path, std::unique_ptr<SqliteDatabase> database, SqliteMapping mapping)
      : path_(std::move(path)), database_(std::move(database)), mapping_(std::move(mapping)) {}

  Status FindTable();
  Status Choose();
  Status OpenVectors();
  Status FindAmbiguousIds();
  Status Start(const std::string& condition);

  const std::string path_;
  const std::unique_ptr<SqliteDatabase> database_;
  const SqliteMapping mapping_;

  std::string table_;                               // that is read: an FTS5 table's content instead of itself
  std::map<std::string, std::string> sql_columns_;  // the user's name -> its name in table_
  std::optional<SqliteRowReader> reader_;           // of a row of the query
  std::vector<std::string> ignored_;                // columns that the mapping does not name
  bool has_rows_ = true;                            // numbers of their own
  v1::NamespaceConfig config_;
  std::set<std::string> ambiguous_ids_;
  uint64_t rows_ = 0;

  bool config_given_ = false;
  std::optional<SqliteQuery> query_;
  uint64_t read_ = 0;
  std::optional<int64_t> last_row_;
  uint64_t last_id_hash_ = 0;
};

}  // namespace engram
