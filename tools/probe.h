// Looks whether a source or a server can be worked with: reachable, allowed, and what is there. Writes nothing, and
// reads no records.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "tools/command.h"
#include "tools/import/point_store.h"
#include "tools/import_run.h"

namespace engram {

// Opens the source as an import would and prints what it says of itself, or what its own probe says.
ExitCode ProbeSource(const ImportChoice& choice, const ImportSteps& steps);

// A line for each collection, or for `only` one: points and spaces, and what is to be known of it.
Result<std::vector<std::string>> ProbeCollections(PointStore& store, const std::string& only);

}  // namespace engram
