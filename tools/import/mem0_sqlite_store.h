// The vector store that mem0's TypeScript SDK uses by default ("memory", which is a file all the same): one SQLite
// file, ~/.mem0/vector_store.db or where it was configured to be.
//
//   vectors(id TEXT PRIMARY KEY, vector BLOB, payload TEXT)     little-endian floats; a JSON object
//
// It is one collection, "mem0". The dimension stands nowhere but in the vectors; the distance is cosine.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "tools/import/point_store.h"

namespace engram {

// NotFound, or InvalidArgument when the file is no SQLite database with that table. `quick`: see
// SqliteDatabase::CheckIntegrity.
Result<std::unique_ptr<PointStore>> OpenMem0SqliteStore(const std::string& file, bool quick);

}  // namespace engram
