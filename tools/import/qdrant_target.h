// A collection of a running Qdrant as the place that memories go back to, over its REST API
// (https://api.qdrant.tech: "Upsert points", "Delete points", "Retrieve points").
//
// Points are written whole, with all their vectors and their payload, and deleted by their ids; each call waits until
// the server has done it. Qdrant has no transactions: what others write between the look at a point and its upsert is
// lost, so writers have to be still. The same call done twice changes nothing.
#pragma once

#include <memory>
#include <string>

#include "tools/import/point_layout.h"
#include "tools/import/push_target.h"
#include "tools/import/qdrant_api.h"

namespace engram {

struct QdrantCollection {
  QdrantServer server;
  std::string collection;  // or an alias
};

// Connects, and looks at the collection: errors as of QdrantApi. `system`: the importer's.
Result<std::unique_ptr<PushTarget>> OpenQdrantTarget(QdrantCollection collection, std::unique_ptr<PointLayout> layout,
                                                     const char* system);

}  // namespace engram
