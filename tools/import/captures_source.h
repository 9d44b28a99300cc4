// The table captures(id, session_id, timestamp, user_text, agent_text, metadata) of a SQLite file, with or without
// full-text tables beside it: one memory per row.
//
//   id          memory id and source.id, the number or text as it is     session_id  run_id
//   timestamp   created_at and event_time (import/loose_time.h)           metadata    metadata, a JSON object
//   user_text, agent_text                                                 fields of the same names
// NULL is absent. Other columns are not imported; IgnoredColumns() names them. source.version tells whether a row has
// changed since it was imported (import/revision.h).
//
// Rows come in the order they were put in, so that a run that follows a finished one knows which it has seen. A table
// without row numbers, or one whose rows were numbered anew, is all new to it.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tools/import/source.h"
#include "tools/import/sqlite_database.h"

namespace engram {

inline constexpr const char* kCapturesSystem = "sqlite:captures";

// In the order in which ReadCapture takes them.
inline constexpr const char* kCaptureColumns[] = {"id",        "session_id", "timestamp",
                                                  "user_text", "agent_text", "metadata"};
// A row of these columns, NULL for one that the table has not. InvalidArgument at the column that no memory can be made
// of.
Result<v1::Memory> ReadCapture(const SqliteQuery& row);
// The row for the rejects file: every column, blobs and broken text in hexadecimal.
std::string RawCapture(const SqliteQuery& row);

class CapturesSource final : public ImportSource {
 public:
  // Checks the file's integrity and the table's columns. `quick`: see SqliteDatabase::CheckIntegrity.
  static Result<std::unique_ptr<CapturesSource>> Open(const std::string& path, bool quick);

  SourceDescription Describe() const override;
  std::string DefaultImportId() const override;
  const char* unit() const override { return "rows"; }
  Result<bool> Resume(const std::string& cursor) override;
  Result<bool> Next(SourceRecord* record) override;
  std::string Cursor(bool finished) const override;
  std::optional<double> Fraction() const override;

  uint64_t rows() const { return rows_; }
  const std::vector<std::string>& IgnoredColumns() const { return ignored_; }
  // From the first row again, in the same read transaction.
  Status Rewind();

 private:
  CapturesSource(std::string path, std::unique_ptr<SqliteDatabase> database)
      : path_(std::move(path)), database_(std::move(database)) {}
  Status ReadColumns();
  Status FindAmbiguousIds();
  Status Start(const std::string& condition);
  Result<bool> Knows(int64_t row, uint64_t id_hash);

  const std::string path_;
  const std::unique_ptr<SqliteDatabase> database_;
  std::set<std::string> present_;
  std::vector<std::string> ignored_;
  std::set<std::string> ambiguous_ids_;  // that several rows have: no memory could be all of them
  uint64_t rows_ = 0;
  uint64_t read_ = 0;
  std::optional<SqliteQuery> query_;

  struct Mark {
    int64_t row = 0;
    uint64_t id_hash = 0;
  };
  bool has_rows_ = false;            // numbers of their own
  bool rows_keep_numbers_ = false;   // their number is the primary key
  std::optional<int64_t> last_row_;  // given last
  std::optional<int64_t> seen_;      // up to here by earlier runs
  std::optional<Mark> high_;         // the greatest read by any run
};

}  // namespace engram
