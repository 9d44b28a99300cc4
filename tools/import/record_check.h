// What a server would say of a record, said without one: the checks of the API's border, with its default limits.
// What only a store can tell (a foreign dimension, an id that is taken) is left to it.
#pragma once

#include <string>

#include "base/status.h"
#include "engine/mutation.h"
#include "tools/import/source.h"

namespace engram {

// `field()` of an error is the path inside the record ("vector", "history[2].memory.text").
Status CheckRecord(const RecordItem& item);

// The memory as a write of it would be, with the import right.
Result<WriteMemory> ToRecord(const v1::Memory& memory);

// The memory's hash as the store will tell it (docs/formats.md, "Canonical encoding"). Empty where the record leaves
// one of its times to the store. REQUIRES: CheckRecord(memory).ok().
std::string CanonicalHash(const v1::Memory& memory);

}  // namespace engram
