// The transactions of a push target that is a SQLite file: one at a time, for reading through a connection of its own,
// or for writing.
#pragma once

#include <memory>
#include <string>

#include "tools/import/push_target.h"
#include "tools/import/sqlite_database.h"

namespace engram {

// Confined to one thread.
class SqliteBatch {
 public:
  // Before the first Begin(kWrite). A transaction that a crash has left half done is undone, as by anybody who opens
  // the file.
  Status OpenForWriting(const std::string& path);

  // Ends the one before without its writes.
  Status Begin(const std::string& path, PushTarget::Access access);
  Status Commit();
  void Abandon();

  // Of the batch that has begun, or null.
  SqliteDatabase* now() const { return now_; }

 private:
  std::unique_ptr<SqliteDatabase> writer_;
  std::unique_ptr<SqliteDatabase> reader_;
  SqliteDatabase* now_ = nullptr;
};

}  // namespace engram
