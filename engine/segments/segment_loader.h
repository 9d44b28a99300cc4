// A namespace's index from its segments and rows.
#pragma once

#include <functional>
#include <memory>

#include "base/status.h"
#include "engine/namespace_index.h"
#include "engine/rows.h"
#include "engine/segments/segment_folder.h"

namespace engram {

// Fills an empty index from a snapshot of the namespace's rows: from its segments as far as they go, where `folder` is
// given, and from rows beyond. `go_on` is asked after every memory; its error ends the load.
Status LoadIndex(const KvReader& rows, const SegmentFolder* folder, TenantId tenant, NamespaceId ns,
                 const NamespaceCounters& counters, Timestamp now, const std::function<Status()>& go_on,
                 NamespaceIndex* index);

// Whether such a load failed because segments are gone, damaged or made by another program, or don't have what the
// rows say: then rows alone will do.
bool AreSegmentsUnusable(const Status& status);

}  // namespace engram
