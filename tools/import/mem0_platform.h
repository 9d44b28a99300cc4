// What mem0's hosted platform gives by its API, saved as files: the pages of the list of memories, and of histories.
//
//   memory := {id, memory, user_id, agent_id, app_id, run_id, hash, metadata, categories, immutable, expiration_date,
//              created_at, updated_at, …}                  GET or POST …/memories/, an array or {"results": […]}
//   event  := {id, memory_id, old_memory, new_memory, event, input, created_at, updated_at, …}
//                                                          GET /v1/memories/{id}/history/
//
// The platform gives no vectors. The members of `metadata` become the payload's own, as the open-source mem0 has them;
// one that is called like a member of the memory is "metadata_" + its name.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"
#include "tools/import/mem0_history.h"
#include "tools/import/point_store.h"

namespace engram {

// `path`: see ReadJsonItems, whose errors these are. A memory that several pages have counts once, as the last has it.
Result<std::unique_ptr<PointStore>> OpenMem0PlatformStore(const std::string& path);
Result<std::unique_ptr<Mem0EventLog>> OpenMem0PlatformHistory(const std::string& path);

}  // namespace engram
