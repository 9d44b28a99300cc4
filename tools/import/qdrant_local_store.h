// The folder that qdrant-client keeps in its local mode (QdrantClient(path=…), as mem0 does by default):
//
//   meta.json                          {"collections": {name: how it was created}, "aliases": {…}}
//   collection/<name>/storage.sqlite   points(id TEXT PRIMARY KEY, point BLOB)
//
// `id` is base64 over the pickled id, `point` a pickled qdrant_client.http.models.models.PointStruct. Where versions of
// the client have left several rows of an id, the one written last counts, as it does for the client.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tools/import/point_store.h"

namespace engram {

inline constexpr const char* kQdrantLocalSystem = "qdrant-local";

// NotFound when the folder has no meta.json, InvalidArgument when that is none of the client's. `quick`: see
// SqliteDatabase::CheckIntegrity. An alias is a name of its collection.
Result<std::unique_ptr<PointStore>> OpenQdrantLocalStore(const std::string& folder, bool quick);

}  // namespace engram
