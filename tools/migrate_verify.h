// `engram migrate verify` and `compare`: a source beside the store that it was imported into.
#pragma once

#include <string>

#include "tools/import/verify.h"
#include "tools/import_run.h"

namespace engram {

// For SourceUse::kVerify and kCompare.
ExitCode RunVerify(const ImportChoice& choice, const ImportSteps& steps);

std::string ImportIdOf(const ImportChoice& choice, const ImportSource& source);
// Whether the import has brought anything that is still there.
bool IsVerifiable(const v1::ImportProgress& row);

// The namespace is the choice's. `row`: the import's; may be null.
VerifyOptions VerifyOptionsFor(const ImportChoice& choice, const std::string& import_id, const v1::ImportProgress* row);
// Prints what was found and, with `keep`, writes it into the import's row, where there is one.
Status ConcludeVerify(const ImportChoice& choice, const char* unit, Client& client, const VerifyOptions& options,
                      const VerifyReport& report, bool keep);

// Compares the source, which stands at its beginning, and prints what was found. `keep`: the import's row keeps it, and
// the import is done when everything matched. kFailed when anything did not.
ExitCode VerifyOnce(const ImportChoice& choice, ImportSource& source, Client& client, bool keep);

}  // namespace engram
