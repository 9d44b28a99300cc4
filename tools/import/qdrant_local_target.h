// A collection in the folder of qdrant-client's local mode (qdrant_local_store.h) as the place that memories go back
// to.
//
// A batch is one transaction of the collection's SQLite file, and while this is open for writing no client can open the
// folder: it holds the lock that clients hold. Points are written whole. Dates and UUIDs of a payload that is written
// over become texts, as they are here.
#pragma once

#include <memory>
#include <string>

#include "tools/import/point_layout.h"
#include "tools/import/push_target.h"

namespace engram {

// Checks the file as the importer does (`quick`: SqliteDatabase::CheckIntegrity). FailedPrecondition, with
// Access::kWrite, while a client has the folder open; further errors as of OpenQdrantLocalStore. `system`: the
// importer's.
Result<std::unique_ptr<PushTarget>> OpenQdrantLocalTarget(const std::string& folder, const std::string& collection,
                                                          std::unique_ptr<PointLayout> layout, const char* system,
                                                          PushTarget::Access access, bool quick);

}  // namespace engram
