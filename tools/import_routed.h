// Imports of one source into several namespaces, of one tenant or of several, and their verification: what --map's
// "route" asks for.
#pragma once

#include "tools/import/route.h"
#include "tools/import_run.h"

namespace engram {

// --namespace restricts both to one of the route's where it names namespaces, --tenant to one of its tenants.
ExitCode ImportRouted(const ImportChoice& choice, const ImportSteps& steps, const RecordRoute& route);

// For SourceUse::kVerify and kCompare. kFailed when anything did not match in any namespace, or has none.
ExitCode VerifyRouted(const ImportChoice& choice, const ImportSteps& steps, const RecordRoute& route);

}  // namespace engram
