// Which collections a folder of qdrant-client's local mode has, and where their points are (qdrant_local_store.h has
// the form).
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "tools/import/qdrant_config.h"
#include "tools/import/sqlite_database.h"

namespace engram {

struct QdrantLocalCollection {
  std::string name;      // of its own, where it was asked for by an alias
  std::string database;  // path of its points
  QdrantMembers params;  // as it was created
};

// Thread-safe: it never changes.
class QdrantLocalFolder {
 public:
  // NotFound when the folder has no meta.json, InvalidArgument when that is none of the client's.
  static Result<QdrantLocalFolder> Open(const std::string& path);

  const std::string& path() const { return path_; }
  // Ascending.
  std::vector<std::string> Collections() const;
  // By name or alias. NotFound names those there are; InvalidArgument for a name that leads out of the folder, and for
  // the form of clients before 1.1.7.
  Result<QdrantLocalCollection> Find(const std::string& name) const;

 private:
  explicit QdrantLocalFolder(std::string path) : path_(std::move(path)) {}
  Result<std::string> DatabaseOf(const std::string& name) const;

  std::string path_;
  std::map<std::string, QdrantMembers> collections_;
  std::map<std::string, std::string> aliases_;
};

// Read-only, checked (`quick`: see SqliteDatabase::CheckIntegrity), and with the table that the client makes.
Result<std::unique_ptr<SqliteDatabase>> OpenQdrantLocalPoints(const QdrantLocalCollection& collection, bool quick);

}  // namespace engram
