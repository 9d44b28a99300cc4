// Former versions, told as events.
#pragma once

#include <string>
#include <vector>

#include "base/kv.h"
#include "base/status.h"
#include "engine/engine.h"

namespace engram {

// Oldest first; also of a deleted memory, as far as the namespace's policy keeps it. NotFound for an id that never was
// a memory or was erased.
Result<std::vector<HistoryEvent>> ReadHistory(const KvReader& ns, const std::string& id);

}  // namespace engram
