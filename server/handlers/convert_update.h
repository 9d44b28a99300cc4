// memories:update between wire and engine.
#pragma once

#include "base/status.h"
#include "engine/mutation.h"
#include "engram/v1/memory.pb.h"
#include "server/request_limits.h"

namespace engram {

// The change without an id. InvalidArgument at "set.<path>", "unset[i]" or "replace_metadata" for paths that can't be
// changed, values of the wrong kind and a change that changes nothing.
Result<UpdateMemory> ToUpdateMemory(const v1::UpdateRequest& request, const RequestLimits& limits);

}  // namespace engram
