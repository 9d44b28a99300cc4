#include "tools/import/qdrant_local_folder.h"

#include <filesystem>
#include <utility>

#include <fmt/format.h>

#include "api/json.h"
#include "base/file.h"

namespace engram {

Result<QdrantLocalFolder> QdrantLocalFolder::Open(const std::string& path) {
  QdrantLocalFolder folder(path);
  const std::string file = path + "/meta.json";
  auto text = FileSystem::Posix().ReadFile(file);
  if (!text.ok() && text.status().code() == StatusCode::kNotFound) {
    return NotFound(fmt::format("{} is no folder of qdrant-client's local mode: it has no meta.json", path));
  }
  if (!text.ok()) return text.status();
  v1::Value meta;
  if (const Status status = ParseJson(*text, &meta); !status.ok()) {
    return InvalidArgument(fmt::format("{}: {}", file, status.message()));
  }
  const QdrantMembers* collections =
      meta.has_object_value() ? FindObject(meta.object_value().members(), "collections") : nullptr;
  if (collections == nullptr) return InvalidArgument(fmt::format("{} names no collections", file));
  for (const auto& [name, created] : *collections) {
    if (created.has_object_value()) folder.collections_[name] = created.object_value().members();
  }
  if (const QdrantMembers* aliases = FindObject(meta.object_value().members(), "aliases")) {
    for (const auto& [alias, name] : *aliases) folder.aliases_[alias] = name.string_value();
  }
  return folder;
}

std::vector<std::string> QdrantLocalFolder::Collections() const {
  std::vector<std::string> names;
  for (const auto& [name, params] : collections_) names.push_back(name);
  return names;
}

Result<QdrantLocalCollection> QdrantLocalFolder::Find(const std::string& given) const {
  const auto alias = aliases_.find(given);
  QdrantLocalCollection collection;
  collection.name = alias == aliases_.end() ? given : alias->second;
  const auto found = collections_.find(collection.name);
  if (found == collections_.end()) {
    std::string names;
    for (const auto& [known, params] : collections_) names += (names.empty() ? "" : ", ") + known;
    return NotFound(fmt::format("{} has no collection \"{}\"; it has: {}", path_, given, names));
  }
  collection.params = found->second;
  ASSIGN_OR_RETURN(collection.database, DatabaseOf(collection.name));
  return collection;
}

// Names come from a file that anybody may have written.
Result<std::string> QdrantLocalFolder::DatabaseOf(const std::string& name) const {
  const std::filesystem::path relative = std::filesystem::path(name).lexically_normal();
  const bool inside = !relative.empty() && !relative.is_absolute() && *relative.begin() != ".." && relative != ".";
  if (!inside || name.find('\0') != std::string::npos) {
    return InvalidArgument(fmt::format("the collection's name \"{}\" leads out of {}", name, path_));
  }
  const std::string collection = path_ + "/collection/" + relative.string();
  const std::string file = collection + "/storage.sqlite";
  std::error_code error;
  if (!std::filesystem::exists(file, error) && std::filesystem::exists(collection + "/storage.dbm", error)) {
    return InvalidArgument(
        fmt::format("{} is in the format of qdrant-client before 1.1.7; open it once with a later client that still "
                    "converts it",
                    collection));
  }
  return file;
}

Result<std::unique_ptr<SqliteDatabase>> OpenQdrantLocalPoints(const QdrantLocalCollection& collection, bool quick) {
  ASSIGN_OR_RETURN(auto database, SqliteDatabase::Open(collection.database));
  RETURN_IF_ERROR(database->CheckIntegrity(quick));
  ASSIGN_OR_RETURN(const auto columns, database->Columns("points"));
  const bool known = columns.size() == 2 && columns[0].name == "id" && columns[1].name == "point";
  if (!known) return InvalidArgument(fmt::format("{} has no table points(id, point)", collection.database));
  return database;
}

}  // namespace engram
