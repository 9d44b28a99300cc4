// `engram migrate verify` and `compare`: a source beside the store that it was imported into.
#pragma once

#include "tools/import_run.h"

namespace engram {

// For SourceUse::kVerify and kCompare.
ExitCode RunVerify(const ImportChoice& choice, const ImportSteps& steps);

// Compares the source, which stands at its beginning, and prints what was found. `keep`: the import's row keeps it, and
// the import is done when everything matched. kFailed when anything did not.
ExitCode VerifyOnce(const ImportChoice& choice, ImportSource& source, Client& client, bool keep);

}  // namespace engram
