// A Qdrant server over its REST API, from the first point of a collection to its last.
//
// Qdrant has no snapshot to read from: what others write meanwhile may be seen or missed. The exact count is taken
// before the first point and after the last, held against the points that came, and Notes() tells where they differ; a
// second import then takes what is new.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "tools/import/point_store.h"
#include "tools/import/qdrant_api.h"

namespace engram {

inline constexpr const char* kQdrantSystem = "qdrant";

// Asks for collections and aliases; an alias is a name of its collection. Errors: see QdrantApi. Readers connect by
// themselves, each with a thread that fetches the page ahead for each of QdrantServer::parallel.
Result<std::unique_ptr<PointStore>> OpenQdrantRestStore(const QdrantServer& server);

// "http://…" or "https://…": an address, and no path.
bool IsWebAddress(const std::string& text);

// What the server calls itself, with its version: "qdrant 1.15.1".
Result<std::string> QdrantVersion(const QdrantServer& server);

}  // namespace engram
