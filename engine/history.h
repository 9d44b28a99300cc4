// Former versions, told as events.
#pragma once

#include <string>
#include <vector>

#include "base/kv.h"
#include "base/status.h"
#include "engine/engine.h"

namespace engram {

// One version of a node; nothing when there is no such row. `old_text` is left out.
Result<std::optional<HistoryEvent>> FindFormerVersion(const KvReader& ns, const std::string& id, NodeNumber node,
                                                      Version version);

// Oldest first; also of a deleted memory, as far as the namespace's policy keeps it. NotFound for an id that never was
// a memory or was erased.
Result<std::vector<HistoryEvent>> ReadHistory(const KvReader& ns, const std::string& id);

}  // namespace engram
