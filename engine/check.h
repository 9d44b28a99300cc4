// Whether a namespace agrees with itself: what counters, digests, directories and indexes say against the rows.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "engine/read_view.h"

namespace engram {

// Recounts everything from the rows of the view. Each entry says in words what differs.
Result<std::vector<std::string>> CheckRows(const ReadView& view);

// An index built from the rows of the view alone.
Result<std::unique_ptr<NamespaceIndex>> RebuildIndex(const ReadView& view);

}  // namespace engram
