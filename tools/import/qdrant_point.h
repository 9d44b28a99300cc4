// One point of a Qdrant collection, out of the pickle that qdrant-client stores, and into it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "tools/import/point_form.h"
#include "tools/import/point_store.h"

namespace engram {

// Fills id, vectors and payload. Vectors are as they stand there: as given, or normalised where the client has
// rewritten a cosine point; the indices of sparse ones are put in order. InvalidArgument says what the bytes have that
// no point has.
Status ReadQdrantPoint(std::string_view pickle, StoredPoint* point);

// The id that a row's key stands for, in the spelling that tells points apart.
Result<std::string> ReadQdrantKey(std::string_view base64);

// The way back: the pickle of a point as the client stores it, for pydantic of either major version.
// REQUIRES: IsQdrantId(point.id).
std::string WriteQdrantPoint(const StoredPoint& point, const PointForm& form);
// And a row's key. REQUIRES: IsQdrantId(id).
std::string WriteQdrantKey(const std::string& id);

// Entries in any order, put in order. InvalidArgument for an index that comes twice.
Status SetSparse(std::vector<std::pair<uint32_t, float>> entries, v1::Vector* vector);

}  // namespace engram
