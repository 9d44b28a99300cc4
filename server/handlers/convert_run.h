// Runs between wire and engine.
#pragma once

#include <string>

#include "base/status.h"
#include "engine/engine.h"
#include "engram/v1/memory.pb.h"
#include "server/handlers/convert_memory.h"

namespace engram {

// The run of this id with everything that `run` says of it. `field()` of an error is the path inside the message.
Result<WriteRun> ToWriteRun(const std::string& run_id, const v1::Run& run, const MemoryBorder& border);

void FromRun(const Run& run, v1::Run* out);

}  // namespace engram
