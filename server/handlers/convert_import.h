// Imports between wire and engine.
#pragma once

#include "base/status.h"
#include "engine/engine.h"
#include "engram/v1/import.pb.h"

namespace engram {

// `field()` of an error is the path inside the message.
Result<ImportProgress> ToImportProgress(const v1::ImportProgress& import);

void FromImportStatus(const ImportStatus& status, v1::ImportProgress* out);
void FromImportedItem(const ImportedItem& item, v1::ImportedItem* out);

}  // namespace engram
