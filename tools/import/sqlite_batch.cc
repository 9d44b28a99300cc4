#include "tools/import/sqlite_batch.h"

#include <utility>

#include "base/check.h"

namespace engram {

Status SqliteBatch::OpenForWriting(const std::string& path) {
  ASSIGN_OR_RETURN(writer_, SqliteDatabase::OpenForWriting(path));
  return writer_->Run("SELECT count(*) FROM sqlite_schema");
}

Status SqliteBatch::Begin(const std::string& path, PushTarget::Access access) {
  Abandon();
  if (access == PushTarget::Access::kRead) {
    ASSIGN_OR_RETURN(reader_, SqliteDatabase::Open(path));
    now_ = reader_.get();
    return {};
  }
  ENGRAM_CHECK(writer_ != nullptr);  // it was opened to be written to
  RETURN_IF_ERROR(writer_->Run("BEGIN IMMEDIATE"));
  now_ = writer_.get();
  return {};
}

Status SqliteBatch::Commit() {
  SqliteDatabase* const database = std::exchange(now_, nullptr);
  if (database == writer_.get() && database != nullptr) return database->Run("COMMIT");
  reader_.reset();
  return {};
}

void SqliteBatch::Abandon() {
  SqliteDatabase* const database = std::exchange(now_, nullptr);
  reader_.reset();
  // Where this fails, the error before it has ended the transaction already.
  if (database == writer_.get() && database != nullptr) (void)database->Run("ROLLBACK");
}

}  // namespace engram
